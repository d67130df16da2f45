import Model
import Planning
import Reconciler
import Store

/// Lines of the daemon's log.
enum WatchText {
  static func line(_ outcome: ChangeOutcome) -> String {
    let what = "\(outcome.change.action.kind.rawValue) \(outcome.change.key.path)"
    guard let error = outcome.error else { return "\(what): \(outcome.note)" }
    let place = (error.location ?? outcome.change.source).map { " (\($0.file):\($0.line))" } ?? ""
    return
      "\(what) \(outcome.status == .notAttempted ? "not attempted" : outcome.status.rawValue): \(error.message)\(place)"
  }

  /// How things stand after a pass; the same words for the same state.
  static func standing(_ planned: PlanResult, _ report: ApplyResult) -> (words: String, isGood: Bool) {
    let failed = report.outcomes.filter { $0.status != .applied }.map(\.change.key.name)
    let blocked = planned.plan.changes.filter(\.isBlocked).map(\.key.name)
    let waiting = planned.plan.withheld.filter { planned.retrying.contains($0.key) }.map(\.key.name)
    let held = planned.plan.withheld.filter { $0.suspension == nil && !planned.retrying.contains($0.key) }.map(
      \.key.name)
    let suspended = planned.plan.withheld.filter { $0.suspension != nil }.map(\.key.name)
    let parts = [
      ("failed", failed), ("failed before, tried again later", waiting), ("blocked", blocked), ("held back", held),
      ("suspended", suspended),
    ].filter { !$0.1.isEmpty }
    guard parts.isEmpty else {
      return (parts.map { "\($0.0): \($0.1.sorted().joined(separator: ", "))" }.joined(separator: "; "), false)
    }
    return ("in sync: \(Phrases.count(planned.desired.resources.count, "object"))", true)
  }
}
