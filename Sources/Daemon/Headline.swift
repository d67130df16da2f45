package import Model
import Planning
import Reconciler
import Store

/// The state of the daemon in one line: the same line for the same state.
package struct Headline: Hashable, Sendable {
  package var message: String
  package var severity: Event.Severity
  /// A stable identifier: `InSync`, `OutOfSync`, `Refused`, `Trouble`, `ReconcileStuck`, or the reason of a problem of the source.
  package var reason: String
  /// Equal for headlines that report the same state.
  package var key: String

  init(_ message: String, _ severity: Event.Severity, _ reason: String, key: String? = nil) {
    self.message = message
    self.severity = severity
    self.reason = reason
    self.key = key ?? message
  }

  /// Reconciliations do not end any more.
  init(stuckSince since: Timestamp) {
    self.init("no reconciliation has ended since \(since.iso8601)", .error, "ReconcileStuck", key: "stuck")
  }

  /// The result of a reconciliation, the most important first; nil: nothing to report.
  init?(_ report: ReconcileReport) {
    switch report.outcome {
    case .failed(let diagnostic, _):
      // An NPM that is down is one event, however each attempt detects that.
      self.init(
        "\(diagnostic.message) [\(diagnostic.code.rawValue)]", .warning, "Trouble",
        key: diagnostic.code.isUpstreamAway ? "away" : nil)
    case .refused(let planned):
      self.init("refused: \(planned.refusals.first?.message ?? "")", .error, "Refused")
    case .noDesiredState, .applied:
      if let problem = report.source.problem {
        let rest = report.source.hasDesired ? "the last good state stays in force" : "nothing is done until then"
        self.init("\(problem.message); \(rest)", .error, problem.reason)
      } else if case .applied(let planned, let result) = report.outcome {
        self = Self.sync(planned, result)
      } else {
        return nil
      }
    }
  }

  private static func sync(_ planned: PlanResult, _ result: ApplyResult) -> Headline {
    let parts =
      [
        ("failed", result.outcomes.filter { $0.status != .applied }.map(\.change.key.name)),
        ("blocked", planned.plan.changes.filter(\.isBlocked).map(\.key.name)),
      ].filter { !$0.1.isEmpty } + planned.plan.withheldByReason.map { ($0.reason, $0.changes.map(\.key.name)) }
    guard parts.isEmpty else {
      let list = parts.map { "\($0.0): \($0.1.sorted().shortened)" }.joined(separator: "; ")
      return Headline(list, .warning, "OutOfSync")
    }
    let count = planned.desired.resources.count
    return Headline("in sync: \(count) object\(count == 1 ? "" : "s")", .info, "InSync")
  }
}
