import FoundationEssentials
import Model
import Platform

/// `reconciler status`: reads the status files; needs neither NPM nor the store.
enum StatusCommand {
  static let definition = CommandDefinition(
    name: "status", summary: "Show what the last lap found",
    discussion: "Reads the status files. Ends with 1 where there are none.",
    run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let directory = try SettingsLoader.load(invocation).status
    let status = try read("\(directory)/status.json")
    let drift = try read("\(directory)/drift.json")
    // Only a daemon writes it.
    let health = (try? read("\(directory)/health.json")) ?? .null
    switch invocation.console.format {
    case .json:
      let more: [String: JSONValue] = ["drift": drift["drift"], "health": health]
      try invocation.console.result(json: .object((status.objectValue ?? [:]).merging(more) { _, new in new }))
    case .markdown: try invocation.console.result(String(decoding: Files.read("\(directory)/status.md"), as: UTF8.self))
    case .text:
      let text = StatusText(console: invocation.console, status: status, drift: drift, health: health)
      try invocation.console.result(text.text)
    }
    return .success
  }

  private static func read(_ path: String) throws -> JSONValue {
    do {
      return try JSONDecoder().decode(JSONValue.self, from: Data(Files.read(path)))
    } catch {
      throw CommandFailure(
        .failure,
        [
          Diagnostic(
            .statusWrite, "there is no readable \(path)",
            hint: "'reconciler watch', 'reconciler apply' and 'reconciler diff --write-status' write it")
        ])
    }
  }
}
