import Configuration
import Model

/// `reconciler settings`: the effective values, and the source of each.
enum SettingsCommand {
  static let definition = CommandDefinition(
    name: "settings", summary: "Show the settings in force, and where each comes from",
    discussion: """
      A flag wins over a variable, that over the file, and the file over the default. Each setting but lists has a
      variable: watch.interval is RECONCILER_WATCH_INTERVAL. Secrets are shown as ***.
      """,
    flags: ApplyFlags.planning, run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let settings = try CommandContext(invocation).settings.inForce
    let console = invocation.console
    guard console.format != .json else {
      try console.result(json: ["format_version": "1", "settings": .array(settings.map(json))])
      return .success
    }
    let width = min(32, settings.map(\.definition.path.count).max() ?? 0)
    let lines = settings.map { setting -> TerminalText in
      let path = TerminalText(setting.definition.path).padded(to: width)
      let value = TerminalText(setting.shown.summary).padded(to: 24)
      return "\(path)  \(value)  \(console.paint(TerminalText(text(setting.origin)), .dim))"
    }
    try console.result(lines.joined(separator: "\n"))
    return .success
  }

  private static func text(_ origin: SettingOrigin) -> String {
    switch origin {
    case .flag(let name): "--\(name)"
    case .variable(let name): name
    case .file(let place): "\(place.file):\(place.line)"
    case .byDefault: "default"
    }
  }

  private static func json(_ setting: SettingInForce) -> JSONValue {
    let kind =
      switch setting.origin {
      case .flag: "flag"
      case .variable: "variable"
      case .file: "file"
      case .byDefault: "default"
      }
    var members: [String: JSONValue] = [
      "path": .string(setting.definition.path), "value": setting.shown, "origin": .string(kind),
      "variable": setting.definition.variable.map { .string($0) } ?? .null,
    ]
    switch setting.origin {
    case .flag(let name): members["detail"] = .string("--\(name)")
    case .variable(let name): members["detail"] = .string(name)
    case .file(let place):
      members["file"] = .string(place.file)
      members["line"] = .int(place.line)
      members["column"] = .int(place.column)
    case .byDefault: break
    }
    return .object(members)
  }
}
