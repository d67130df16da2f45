import Model
package import Planning
package import Reconciler
import Store

/// What a reconciliation left: what is in sync, what is not, and why.
package struct ReconcileSummary: Sendable {
  /// Changes that were not applied: what still differs.
  package let open: [Change]
  /// Names of changes that failed, now or before, and did not succeed since.
  package let failing: [String]
  /// What differs in NPM, also where the policy forbids its repair.
  package let drifted: [Change]
  package let counts: [ObjectState: Int]
  /// Errors of changes that failed now.
  let errors: [ResourceKey: Diagnostic]
  let refusals: [Diagnostic]
  let withheld: [(reason: String, changes: [Change])]
  /// Hosts that a request to Let's Encrypt may have left without TLS and access control.
  let unprotected: Int
  let certificates: [Diagnostic]

  /// - Parameter result: nil: nothing was applied.
  package init(_ planned: PlanResult, _ result: ApplyResult?) {
    let outcomes = result?.outcomes ?? []
    let applied = Set(outcomes.filter { $0.status == .applied }.map(\.change.key))
    let failed = outcomes.filter { [.failed, .unproven].contains($0.status) }
    open = planned.plan.changes.filter { !applied.contains($0.key) }
    errors = Dictionary(firstOf: failed.compactMap { outcome in outcome.error.map { (outcome.change.key, $0) } })
    failing = failed.map(\.change.key.name) + planned.retrying.map(\.name).sorted()
    refusals = planned.refusals
    withheld = planned.plan.withheldByReason
    let isRepaired = result != nil && result?.unrepaired == nil && planned.plan.policy != .observe
    unprotected = isRepaired ? 0 : planned.plan.hostsToRewrite.count
    certificates = planned.certificates.diagnostics
    drifted = (open + planned.plan.withheld).filter { change in
      change.cause == .drifted || change.fields.contains { $0.cause == .drifted || $0.cause == .both }
    }
    let removed = planned.plan.changes.filter { $0.action.isRemoval }.map(\.key)
    counts = [
      .desired: planned.desired.resources.count,
      .observed: planned.observedCount,
      .owned: planned.plan.ownedCount,
      .inSync: planned.plan.unchanged.count + applied.subtracting(removed).count,
      .adoptable: planned.plan.adoptable.count,
      .pending: open.count { !$0.isBlocked },
      .blocked: open.count(where: \.isBlocked),
      .withheld: planned.plan.withheld.count,
      .drifted: drifted.count,
      .applied: applied.count,
      .failed: failed.count,
    ]
  }

  var isInSync: Bool { open.isEmpty && withheld.isEmpty && unprotected == 0 }
}

/// What a reconciliation found of an object; the names are those of `counts` in `status.json`.
package enum ObjectState: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
  case desired, observed, owned
  case inSync = "in_sync"
  /// As it should be, and without an owner.
  case adoptable
  case pending, blocked, withheld, drifted, applied, failed
}
