import Model
import Platform
import Reconciler

/// What the daemon says of itself, each thing once: in its log, to the service manager, as events, in the status files.
actor WatchVoice {
  private let context: CommandContext
  private let manager: SystemdNotifier
  /// How things stood when it was last said.
  private var standing = ""
  /// Why the status files could not be written last.
  private var statusProblem = ""

  init(_ context: CommandContext, _ manager: SystemdNotifier) {
    self.context = context
    self.manager = manager
  }

  /// Says how things stand, where that is news.
  ///
  /// - Parameter key: what tells it from other news; nil: its words.
  func stand(_ words: String, _ severity: Event.Severity, _ reason: String, as key: String? = nil) async {
    guard key ?? words != standing else { return }
    standing = key ?? words
    manager.status(TerminalText(words).raw)
    await tell(severity, reason, words)
  }

  /// Says that something happened.
  func tell(_ severity: Event.Severity, _ reason: String, _ words: String) async {
    context.invocation.console.say(words)
    await context.append([
      Event(severity, source: "watch", subject: "daemon", reason: reason, words, correlation: context.correlation)
    ])
  }

  /// Does something to the status files; that they cannot be written is said once.
  func keepStatus(_ settings: ReconcileOptions, _ body: @Sendable (StatusFiles) throws -> Void) {
    do {
      try body(StatusFiles(directory: context.settings.status, settings: settings))
      statusProblem = ""
    } catch {
      if statusProblem != "\(error)" {
        context.invocation.console.say("the status files cannot be written: \(error)")
      }
      statusProblem = "\(error)"
    }
  }
}
