import Configuration
import Model
import Platform
import Reports

/// `reconciler status`: reads the status files; needs neither NPM nor the store.
enum StatusCommand {
  private static let watch = FlagDefinition("watch", short: "w", "Show it again whenever it changes, until Ctrl-C")

  static let definition = CommandDefinition(
    name: "status", summary: "Show what the last reconciliation found, and how hosts are",
    discussion: """
      Reads the status files: it needs neither NPM nor a running daemon. Ends with 1 where there are none, and where a
      daemon has written them and is gone.
      """,
    flags: [watch], run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let settings = try CommandContext.load(invocation)
    let directory = settings.status
    guard invocation.arguments.has(watch) else {
      return try show(settings, invocation.console).isAbandoned ? .failure : .success
    }
    ShutdownSignal().listenToSignals()
    var shown = ""
    while true {
      let stamp = ["status", "health"].map { Files.stamp("\(directory)/\($0).json") }.joined()
      if stamp != shown {
        // From the upper left corner, over the previous output.
        invocation.console.clear()
        guard try show(settings, invocation.console).isRead else { return .success }
        shown = stamp
      }
      try await Task.sleep(for: .milliseconds(500))  // polling: change notifications do not work on every file system
    }
  }

  /// - Returns: false for `isRead`: the reader has closed the pipe.
  private static func show(_ settings: Settings, _ console: Console) throws -> (isRead: Bool, isAbandoned: Bool) {
    let written = try read(settings)
    let document = written.aged(at: .now)
    let isRead =
      switch console.format {
      case .json: try console.result(report: StatusOutput(document))
      case .markdown: try console.result(markdown: StatusMarkdown.text(document))
      case .text: try console.result(StatusText(console: console, document: document).text)
      }
    return (isRead, written.status.isAbandoned(at: .now))
  }

  private static func read(_ settings: Settings) throws -> StatusDocument {
    do {
      return try StatusFiles(directory: settings.status).read()
    } catch {
      throw CommandFailure(
        .failure,
        [
          Diagnostic(
            .statusWrite, "there is no readable \(settings.status)/status.json",
            hint: "'reconciler watch', 'reconciler apply' and 'reconciler diff --write-status' write it")
        ])
    }
  }
}
