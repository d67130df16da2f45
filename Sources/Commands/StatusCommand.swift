import Configuration
import DesiredFiles
import Model
import Platform
import Reports

/// `reconciler status`: reads the status files; needs neither NPM nor the store.
enum StatusCommand {
  private static let watch = FlagDefinition("watch", short: "w", "Show it again whenever it changes, until Ctrl-C")

  static let definition = CommandDefinition(
    name: "status", summary: "Show what the last reconciliation found, and how hosts are",
    discussion: """
      Reads the status files: it needs neither NPM nor a running daemon. Where there are none yet, NPM is asked once, and
      nothing is written. Ends with 1 where a daemon has written the files and is gone.
      """,
    arguments: [.names], flags: [watch, ServerClient.flag], run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    if let (client, _) = try ServerClient.of(invocation, unsuited: [watch]) {
      return try show(try await ServerCommands.status(client), invocation).isAbandoned ? .failure : .success
    }
    let settings = try CommandContext.load(invocation)
    let directory = settings.status
    guard invocation.arguments.has(watch) else {
      let written: StatusDocument
      do {
        written = try read(settings)
      } catch {
        guard let found = try await observe(invocation) else { throw error }
        written = found
      }
      return try show(written, invocation).isAbandoned ? .failure : .success
    }
    ShutdownSignal().listenToSignals()
    var shown = ""
    while true {
      let stamp = ["status", "health"].map { Files.stamp("\(directory)/\($0).json") }.joined()
      if stamp != shown {
        // From the upper left corner, over the previous output.
        invocation.console.clear()
        guard try show(read(settings), invocation).isRead else { return .success }
        shown = stamp
      }
      try await Task.sleep(for: .milliseconds(500))  // polling: change notifications do not work on every file system
    }
  }

  /// What a reconciliation would find; nil: it is not known which NPM, or with which account.
  private static func observe(_ invocation: Invocation) async throws -> StatusDocument? {
    let context = try CommandContext(invocation)
    guard context.missingSettings.isEmpty else { return nil }
    let planned = try await context.wholePlan(
      context.checked(context.loaded(), exitWhenEmpty: .invalid, showsWarnings: false).state)
    return StatusDocument(planned, nil, ReconcileSummary(planned, nil), try context.reconcileOptions(), at: .now)
  }

  /// - Returns: false for `isRead`: the reader has closed the pipe.
  private static func show(_ written: StatusDocument, _ invocation: Invocation) throws -> (
    isRead: Bool, isAbandoned: Bool
  ) {
    let console = invocation.console
    let document = written.aged(at: .now)
    let isRead =
      switch console.format {
      case .json: try console.result(report: StatusOutput(document))
      case .markdown: try console.result(markdown: StatusMarkdown.text(document))
      case .text:
        try console.result(
          StatusText(console: console, document: document, names: Set(invocation.arguments.positional)).text)
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
            hint: "'reconciler init' sets a folder up; 'reconciler doctor' says what is missing")
        ])
    }
  }
}
