import Configuration
import Daemon
import FoundationEssentials
import Model
import Platform

/// `reconciler status`: reads the status files; needs neither NPM nor the store.
enum StatusCommand {
  private static let watch = FlagDefinition("watch", short: "w", "Show it again whenever it changes, until Ctrl-C")

  static let definition = CommandDefinition(
    name: "status", summary: "Show what the last reconciliation found, and how hosts are",
    discussion: "Reads the status files: it needs neither NPM nor a running daemon. Ends with 1 where there are none.",
    flags: [watch], run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let settings = try CommandContext.load(invocation)
    let directory = settings.status
    guard invocation.arguments.has(watch) else {
      _ = try show(settings, invocation.console)
      return .success
    }
    ShutdownSignal().listenToSignals()
    var shown = ""
    while true {
      let stamp = ["status", "health"].map { Files.stamp("\(directory)/\($0).json") }.joined()
      if stamp != shown {
        // From the upper left corner, over the previous output.
        invocation.console.clear()
        guard try show(settings, invocation.console) else { return .success }
        shown = stamp
      }
      try await Task.sleep(for: .milliseconds(500))  // polling: change notifications do not work on every file system
    }
  }

  /// False: the reader has closed the pipe.
  private static func show(_ settings: Settings, _ console: Console) throws -> Bool {
    let directory = settings.status
    let status = try read("\(directory)/status.json")
    let drift = (try? read("\(directory)/drift.json")) ?? .null
    // Only written by a daemon.
    let health = (try? read("\(directory)/health.json")) ?? .null
    switch console.format {
    case .json:
      let more: [String: JSONValue] = ["drift": drift["drift"], "health": health]
      return try console.result(json: .object((status.objectValue ?? [:]).merging(more) { _, new in new }))
    case .markdown:
      return try console.result(document: String(decoding: Files.read("\(directory)/status.md"), as: UTF8.self))
    case .text:
      var text = StatusText(console: console, status: status, drift: drift, health: health)
      text.interval = settings.daemon.interval
      return try console.result(text.text)
    }
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
