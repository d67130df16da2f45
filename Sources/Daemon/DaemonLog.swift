import Model
import Planning
import Reconciler
import Store

/// Where the daemon writes its log.
package protocol DaemonLogger: Sendable {
  /// One line, always.
  func log(_ message: String)
  /// One line, with verbose logging only.
  func debug(_ message: String)
}

/// Lines of the daemon's log.
enum DaemonLog {
  static func line(_ outcome: ChangeOutcome) -> String {
    let drifted = outcome.change.fields.filter(\.isDrifted).map(\.path)
    let reason =
      outcome.change.cause == .drifted || !drifted.isEmpty
      ? " (was changed in NPM\(drifted.isEmpty ? "" : ": " + drifted.joined(separator: ", ")))" : ""
    let what = "\(outcome.change.action.kind.rawValue) \(outcome.change.key.path)\(reason)"
    guard let error = outcome.error else { return "\(what): \(outcome.note)" }
    let place = (error.location ?? outcome.change.source).map { " (\($0.file):\($0.line))" } ?? ""
    return
      "\(what) \(outcome.status == .notAttempted ? "not attempted" : outcome.status.rawValue): \(error.message)\(place)"
  }
}
