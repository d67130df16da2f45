package import Model
package import NPMClient
package import Planning
package import Probe
package import Store

/// Everything known about a plan: what `diff` shows and `apply` starts from.
package struct PlanResult: Sendable {
  package var desired: DesiredState
  package var observed: ObservedState
  package var ledger: [LedgerEntry]
  package var plan: Plan
  /// Checks of new or changed destinations, by resource.
  package var probes: [ResourceKey: [ProbeResult]]
  /// Changes that failed before and wait for their next attempt.
  package var retrying: Set<ResourceKey> = []
  /// Why `apply` would refuse to start; empty: it would start.
  package var refusals: [Diagnostic]
  /// Further warnings for the operator.
  package var warnings: [Diagnostic]
  /// Certificates in NPM.
  package var certificates: CertificateInventory
  /// The last author of a change to an object in NPM, where the audit log shows it.
  package var authors: [ObjectRef: AuditEntry]

  package init(
    desired: DesiredState, observed: ObservedState, ledger: [LedgerEntry] = [], plan: Plan,
    probes: [ResourceKey: [ProbeResult]] = [:], refusals: [Diagnostic] = [], warnings: [Diagnostic] = [],
    certificates: CertificateInventory, authors: [ObjectRef: AuditEntry] = [:]
  ) {
    self.desired = desired
    self.observed = observed
    self.ledger = ledger
    self.plan = plan
    self.probes = probes
    self.refusals = refusals
    self.warnings = warnings
    self.certificates = certificates
    self.authors = authors
  }

  /// Whether an apply would write to NPM.
  package var writesSomething: Bool { !plan.effective.isEmpty || !plan.hostsToRewrite.isEmpty }

  /// Objects in NPM of the managed kinds.
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
  /// A readable summary: `created as 34, online after 61 ms`.
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

/// What an apply tells while it runs.
package enum ApplyStep: Sendable {
  /// A change is attempted: the how manieth, from 1, of how many.
  case begins(Change, number: Int, of: Int)
  case ended(ChangeOutcome)
}

/// The result of an apply.
package struct ApplyResult: Sendable {
  package var run: Int?
  package var outcomes: [ChangeOutcome]
  package var seconds: Double
  /// A stop was requested, and not everything was attempted.
  package var wasInterrupted: Bool
  /// Hosts that a request left without TLS and access control and that could not be written again; nil: there are none.
  package var unrepaired: Diagnostic?
  /// A remark on how the result was proven.
  package var remark: Diagnostic?

  package func count(_ status: ChangeOutcome.Status) -> Int { outcomes.count { $0.status == status } }

  /// Determined by the worst outcome.
  package func exitCode(of planned: PlanResult) -> ExitCode {
    if wasInterrupted { return .interrupted }
    let blocked = planned.plan.changes.compactMap(\.blockReason)
    let isIncomplete = outcomes.contains { $0.status != .applied }
    if isIncomplete || unrepaired != nil || blocked.contains(where: { $0.code == .destinationFailed }) {
      return .incomplete
    }
    return blocked.isEmpty ? .success : .refused
  }
}
