package import Model
package import NPMClient
package import Planning
package import Probe
package import Store

/// Everything that is known when a plan stands: what `diff` shows and `apply` starts from.
package struct PlanResult: Sendable {
  package var desired: DesiredState
  package var observed: ObservedState
  package var ledger: [LedgerEntry]
  package var plan: Plan
  /// Checks of destinations that are new or change, by resource.
  package var probes: [ResourceKey: [ProbeResult]]
  /// Changes that failed before and wait for their next attempt: they still fail.
  package var retrying: Set<ResourceKey> = []
  /// Why `apply` would not begin; empty: it would.
  package var refusals: [Diagnostic]
  /// What people should know besides.
  package var warnings: [Diagnostic]
  /// Certificates that are about to end.
  package var certificates: [Diagnostic]
  /// Who last changed an object in NPM, where its audit log tells.
  package var authors: [ObjectRef: AuditEntry]

  /// Whether an apply would write to NPM.
  package var writesSomething: Bool { !plan.effective.isEmpty || !plan.hostsToRewrite.isEmpty }

  /// Objects in NPM of the kinds that we manage.
  package var observedCount: Int { observed.resources.values.reduce(0) { $0 + $1.count } }
}

/// How one change ended.
package struct ChangeOutcome: Sendable {
  package typealias Status = ChangeRecord.Status

  package var change: Change
  package var status: Status
  package var error: Diagnostic?
  /// NPM's number of the object afterwards.
  package var id: ResourceID?
  /// What happened, for people: `created as 34, online after 61 ms`.
  package var note: String

  package init(
    _ change: Change, _ status: Status, id: ResourceID? = nil, error: Diagnostic? = nil, note: String = ""
  ) {
    self.change = change
    self.status = status
    self.id = id ?? change.id
    self.error = error
    self.note = note
  }
}

/// What an apply did.
package struct ApplyResult: Sendable {
  package var run: Int?
  package var outcomes: [ChangeOutcome]
  package var seconds: Double
  /// Somebody asked to stop, and not everything was attempted.
  package var wasInterrupted: Bool
  /// Hosts that a request left bare and that could not be written again; nil: there are none.
  package var unrepaired: Diagnostic?
  /// What people should know of how it was proven.
  package var remark: Diagnostic?

  package func count(_ status: ChangeOutcome.Status) -> Int { outcomes.count { $0.status == status } }
}
