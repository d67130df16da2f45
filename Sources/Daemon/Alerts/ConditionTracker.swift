import Model
package import Reconciler
package import Alerting
import Planning
import Reports
import Platform

/// Tracks since when conditions last, from pass to pass: a value that is updated after each pass.
package struct ConditionTracker: Sendable {
  package private(set) var npm: AlertInput.OngoingCondition?
  package private(set) var store: AlertInput.OngoingCondition?
  package private(set) var apply: AlertInput.OngoingCondition?
  package private(set) var drift: AlertInput.OngoingCondition?
  package private(set) var guardOpen: AlertInput.OngoingCondition?
  package private(set) var desired: AlertInput.OngoingCondition?
  /// Rules without data so far.
  package private(set) var unknown: Set<AlertRule> = [
    .npm, .store, .apply, .drift, .guardOpen, .desired, .certificate,
  ]
  /// Whether `apply` says that no reconciliation ends.
  private var isStuck = false
  /// Certificates in use that end soon.
  package private(set) var expiring: [CertificateInventory.Entry] = []

  package init() {}

  package mutating func note(_ report: ReconcileReport) {
    let now = report.finishedAt
    unknown.remove(.desired)
    Self.set(&desired, report.source.problem?.message, [], now)
    if case .failed(let diagnostic, _) = report.outcome { note(diagnostic, at: now) }
    if let planned = report.planned, let summary = report.summary { note(planned, summary, at: now) }
  }

  /// A reconciliation that got a response from NPM.
  private mutating func note(_ planned: PlanResult, _ summary: ReconcileSummary, at now: Timestamp) {
    unknown.subtract([.npm, .store, .apply, .drift, .guardOpen, .certificate])
    Self.set(&store, nil, [], now)
    Self.set(&npm, nil, [], now)
    Self.set(&apply, Self.trouble(planned, summary), summary.failing, now)
    let names = summary.drifted.map(\.key.name)
    Self.set(&drift, names.isEmpty ? nil : "changed in NPM and not repaired: \(names.shortened)", names, now)
    let open = Self.openHosts(planned)
    Self.set(&guardOpen, Self.guardMessage(open, drifted: Set(names)), open.map(\.key.name), now)
    expiring = planned.certificates.expiring
  }

  /// Also those that this pass has protected again: they could be accessed without a password.
  private static func openHosts(_ planned: PlanResult) -> [Change] {
    (planned.plan.changes + planned.plan.withheld).filter { $0.fields.contains { $0.path == FieldDiff.guardField } }
  }

  private static func guardMessage(_ open: [Change], drifted: Set<String>) -> String? {
    guard !open.isEmpty else { return nil }
    let isCertain = open.contains { $0.fields.contains { $0.path == FieldDiff.guardField && $0.before == false } }
    let names = open.map { "\($0.key.name) (\($0.claims.first ?? ""))" }.shortened
    let isRepaired = drifted.isDisjoint(with: open.map(\.key.name))
    return
      "\(isCertain ? "served without its access list" : "changed in NPM, perhaps served without its access list"): "
      + names + (isRepaired ? "; written again" : "; not written again")
  }

  /// A pass that failed before its end. That none ends is over with it.
  private mutating func note(_ trouble: Diagnostic, at now: Timestamp) {
    if isStuck { Self.set(&apply, nil, [], now) }
    isStuck = false
    if trouble.code.isStoreFailure {
      note(storeProblem: trouble.message, at: now)
    } else if trouble.code.isUpstreamAway {
      unknown.remove(.npm)
      Self.set(&npm, "NPM cannot be reached: \(trouble.message)", [], now)
    } else {
      unknown.remove(.apply)
      Self.set(&apply, trouble.message, [], now)
    }
  }

  mutating func note(storeProblem message: String, at now: Timestamp) {
    unknown.remove(.store)
    Self.set(&store, "the store fails, nothing is written to NPM: \(message)", [], now)
  }

  /// No reconciliation has ended for two intervals: nothing else is known.
  mutating func note(stuckSince since: Timestamp) {
    unknown.formUnion([.drift, .guardOpen, .certificate])
    unknown.remove(.apply)
    isStuck = true
    Self.set(&apply, Headline(stuckSince: since).message, [], since)
  }

  private static func trouble(_ planned: PlanResult, _ summary: ReconcileSummary) -> String? {
    if let refusal = planned.refusals.first { return "refused: \(refusal.message)" }
    let failed = summary.failing
    let blocked = summary.open.filter(\.isBlocked).map(\.key.name)
    let parts = [("failed", failed), ("blocked", blocked)].filter { !$0.1.isEmpty }
    return parts.isEmpty ? nil : "changes " + parts.map { "\($0.0): \($0.1.shortened)" }.joined(separator: "; ")
  }

  /// A condition that continues keeps its start time.
  private static func set(
    _ matter: inout AlertInput.OngoingCondition?, _ message: String?, _ members: [String], _ now: Timestamp
  ) {
    matter = message.map { AlertInput.OngoingCondition($0, since: matter?.since ?? now, members: members) }
  }
}
