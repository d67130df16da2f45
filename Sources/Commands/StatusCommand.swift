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
    switch invocation.console.format {
    case .json:
      try invocation.console.result(
        json: .object((status.objectValue ?? [:]).merging(["drift": drift["drift"]]) { _, new in new }))
    case .markdown: try invocation.console.result(String(decoding: Files.read("\(directory)/status.md"), as: UTF8.self))
    case .text: try invocation.console.result(text(status, drift, invocation.console))
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
            hint: "'reconciler apply' and 'reconciler diff --write-status' write it")
        ])
    }
  }

  /// `2026-11-21T14:02:07.250Z` as `2026-11-21 14:02 UTC`.
  private static func minute(_ time: JSONValue?) -> String {
    guard let text = time?.stringValue, text.count >= 16 else { return "?" }
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
  }

  private static func text(_ status: JSONValue, _ drift: JSONValue, _ console: Console) -> String {
    let counts = status["counts"]
    func count(_ name: String) -> Int { counts[name].intValue ?? 0 }
    let conditions = status["conditions"].arrayValue ?? []
    let sync = conditions.first { $0["type"] == "InSync" }
    let isInSync = sync?["status"] == "True"
    let since = minute(sync?["since"])
    let version = status["npm"]["version"].stringValue ?? "?"
    let url = status["npm"]["url"].stringValue ?? "?"
    let word = isInSync ? "all in sync" : sync?["status"] == "Unknown" ? "outdated" : "differs"
    let state = console.paint(word, isInSync ? .green : .yellow)
    var lines = [
      "\(count("in_sync")) of \(count("desired")) in sync, \(state) since \(since), NPM \(version) at \(url)", "",
    ]
    for condition in conditions where condition["status"] != "True" {
      lines.append("  \(condition["type"].summary): \(condition["message"].summary)")
    }
    for entry in drift["drift"].arrayValue ?? [] {
      let at = entry["changed_at"].stringValue.map { ", \($0)" } ?? ""
      let by = entry["by"].stringValue.map { ", changed in NPM by \($0)\(at)" } ?? ""
      for field in entry["fields"].arrayValue ?? [] {
        lines.append(
          "  \(entry["name"].summary)  \(field["path"].summary)  \(field["observed"].summary), should be \(field["desired"].summary)\(by)"
        )
      }
    }
    let lap = status["last_lap"]
    let run = lap["run"].intValue.map { "run \($0)" } ?? lap["command"].summary
    if lines.count > 2 { lines.append("") }
    lines.append(
      "Last: \(run), \(minute(lap["at"])), \(count("applied")) applied, \(count("failed")) failed, \(count("blocked")) blocked"
    )
    return lines.joined(separator: "\n")
  }
}
