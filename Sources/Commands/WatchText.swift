import Model
import Planning
import Reconciler
import Store

/// Lines of the daemon's log.
enum WatchText {
  static func line(_ outcome: ChangeOutcome) -> String {
    let what = "\(outcome.change.action.word) \(outcome.change.key.path)"
    guard let error = outcome.error else { return "\(what): \(outcome.note)" }
    let place = (error.location ?? outcome.change.source).map { " (\($0.file):\($0.line))" } ?? ""
    return
      "\(what) \(outcome.verdict == .notAttempted ? "not attempted" : outcome.verdict.rawValue): \(error.message)\(place)"
  }

  /// How things stand after a lap; the same words for the same state.
  static func standing(_ lap: PlanResult, _ report: ApplyResult) -> (words: String, isGood: Bool) {
    let failed = report.outcomes.filter { $0.verdict != .applied }.map(\.change.key.name)
    let blocked = lap.plan.changes.filter(\.isBlocked).map(\.key.name)
    let waiting = lap.plan.withheld.filter { lap.retrying.contains($0.key) }.map(\.key.name)
    let held = lap.plan.withheld.filter { $0.suspension == nil && !lap.retrying.contains($0.key) }.map(\.key.name)
    let suspended = lap.plan.withheld.filter { $0.suspension != nil }.map(\.key.name)
    let parts = [
      ("failed", failed), ("failed before, tried again later", waiting), ("blocked", blocked), ("held back", held),
      ("suspended", suspended),
    ].filter { !$0.1.isEmpty }
    guard parts.isEmpty else {
      return (parts.map { "\($0.0): \($0.1.sorted().joined(separator: ", "))" }.joined(separator: "; "), false)
    }
    return ("in sync: \(Phrases.count(lap.desired.resources.count, "object"))", true)
  }
}
