import Model

/// NPM's only setting: the response to requests for unknown domains.
struct SettingRoutes {
  let engine: SimulatorEngine

  func answer(_ call: SimulatorCall) async throws -> SimulatorAnswer {
    let parts = call.parts
    if parts.count == 1, call.method == "GET" { return .json(200, [await row()]) }
    guard parts.count == 2 else { throw NPMFault(404, "Not Found - \(call.path)") }
    let isKnown = parts[1] == "default-site"
    if !isKnown, call.method == "GET" { throw NPMFault.notFound(String(parts[1])) }
    switch call.method {
    case "GET": return .json(200, await row())
    case "PUT":
      let body = try call.body(as: Self.schema)
      guard isKnown else { throw NPMFault.notFound(String(parts[1])) }
      await engine.withState { state in
        // Both are replaced, not merged.
        state.defaultSite = ["value": body["value"].isNull ? state.defaultSite["value"] ?? .null : body["value"]]
        state.defaultSite["meta"] = body["meta"].isNull ? [:] : body["meta"]
      }
      // Without a value NPM fails after it has stored the rest.
      if body["value"].isNull { throw NPMFault.internalError }
      try await engine.reload()
      return .json(200, await row())
    default: throw NPMFault(404, "Not Found - \(call.path)")
    }
  }

  private func row() async -> JSONValue {
    let about: [String: JSONValue] = [
      "id": "default-site", "name": "Default Site",
      "description": "What to show when Nginx is hit with an unknown Host",
    ]
    return .object(about.merging(await engine.state.defaultSite) { $1 })
  }

  private static let schema = Schema.object(
    [
      .init(
        "value", .string(lengths: 1...Int.max, choices: ["congratulations", "404", "444", "redirect", "html"])),
      .init(
        "meta",
        .object(
          [.init("redirect", .string(lengths: 0...Int.max)), .init("html", .string(lengths: 0...Int.max))], required: []
        )),
    ], required: [], minimum: 1)
}
