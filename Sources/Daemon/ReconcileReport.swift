import Store
package import DesiredFiles
package import Model
import Planning
package import Reconciler
package import Reports

/// Everything that one reconciliation of the daemon found and did. Created once, and passed to every subscriber.
package struct ReconcileReport: Sendable {
  package enum Outcome: Sendable {
    /// The desired files never were without errors.
    case noDesiredState
    /// It failed before its end, like those before it since then.
    case failed(Diagnostic, since: Timestamp)
    /// A safety rule refused the plan.
    case refused(PlanResult)
    case applied(PlanResult, ApplyResult)

    var planned: PlanResult? {
      switch self {
      case .noDesiredState, .failed: nil
      case .refused(let planned), .applied(let planned, _): planned
      }
    }

    var applied: ApplyResult? { if case .applied(_, let result) = self { result } else { nil } }
  }

  package var triggers: [Trigger]
  package var source: SourceStatus
  package var desired: DesiredState?
  package var options: ReconcileOptions
  package var outcome: Outcome
  /// What was undone first, because hosts became unhealthy; nil: nothing.
  package var rolledBack: RollbackReport?
  package var finishedAt: Timestamp
  /// When the files were about to be read: what was written before is in it.
  package let beganAt: ContinuousClock.Instant
  /// How long it took.
  package let seconds: Double
  /// The commit, or a digest of what the files say; nil: it is not needed.
  let sourceIdentity: String?
  /// nil: no plan was made.
  package let summary: ReconcileSummary?
  /// What the status files say of it; nil: no plan was made.
  package let document: StatusDocument?

  init(
    triggers: [Trigger], source: SourceStatus, desired: DesiredState?, options: ReconcileOptions, outcome: Outcome,
    rolledBack: RollbackReport? = nil, sourceIdentity: String? = nil, finishedAt: Timestamp,
    beganAt: ContinuousClock.Instant = .now
  ) {
    self.beganAt = beganAt
    seconds = (.now - beganAt) / .seconds(1)
    self.triggers = triggers
    self.source = source
    self.desired = desired
    self.options = options
    self.outcome = outcome
    self.rolledBack = rolledBack
    self.finishedAt = finishedAt
    self.sourceIdentity = sourceIdentity
    let summary = outcome.planned.map { ReconcileSummary($0, outcome.applied) }
    self.summary = summary
    document = outcome.planned.flatMap { planned in
      summary.map { StatusDocument(planned, outcome.applied, $0, options, at: finishedAt) }
    }
  }

  /// The plan, with what is withheld; nil: none was made.
  package var planned: PlanResult? { outcome.planned }

  /// nil: nothing was applied.
  package var applied: ApplyResult? { outcome.applied }

  /// `requeue` where the next reconciliation must not wait for the interval.
  package var result: ReconcileResult {
    switch outcome {
    case .noDesiredState: return .done
    case .refused: return unsettled.map { .again(seconds: $0) } ?? .done
    case .failed: return .requeue
    case .applied(_, let result):
      let isAway = result.outcomes.contains { $0.error.map(\.code.isUpstreamAway) == true }
      if isAway || result.unrepaired != nil { return .requeue }
      return unsettled.map { .again(seconds: $0) } ?? .done
    }
  }

  /// Seconds after which removals that wait for the files to settle are looked at again.
  private var unsettled: Double? {
    let held = planned?.plan.withheld.lazy.compactMap { change -> Double? in
      if case .filesUnsettled(let seconds)? = change.hold { seconds } else { nil }
    }
    return held?.first
  }

  /// What NPM is known to serve; nil: nothing was applied, so nothing was proved.
  package var served: Set<ResourceKey>? {
    guard case .applied(let planned, let result) = outcome else { return nil }
    return Set(planned.plan.unchanged + result.outcomes.filter { $0.status == .applied }.map(\.change.key))
      .union((planned.plan.changes + planned.plan.withheld).filter { $0.observed?.nginx == .online }.map(\.key))
  }

  /// Hosts whose change waits for their destination.
  package var waitingForDestination: Set<String> {
    Set((planned?.plan.changes ?? []).filter { $0.blockReason?.code == .destinationFailed }.map(\.key.name))
  }
}

/// Where the desired state comes from, and whether it is the newest.
package struct SourceStatus: Sendable {
  /// Why the newest files are not in force, since when.
  package struct Problem: Hashable, Sendable {
    package var message: String
    /// A stable identifier: `DesiredInvalid`, `ForcePush`, `SourceUnreachable`.
    package var reason: String
    package var since: Timestamp
  }

  package var hasDesired: Bool
  package var commit: GitCommit?
  /// Whether `commit` was not in force before.
  package var isNewCommit = false
  package var problem: Problem?
}

extension ReconcileReport {
  /// Without the states that the plan was made from, which are most of its memory: the snapshot lives for long.
  var withoutStates: ReconcileReport {
    var bare = self
    bare.desired = nil
    switch outcome {
    case .noDesiredState, .failed: break
    case .refused(let planned): bare.outcome = .refused(planned.withoutStates)
    case .applied(let planned, let result): bare.outcome = .applied(planned.withoutStates, result)
    }
    return bare
  }
}

extension PlanResult {
  var withoutStates: PlanResult {
    var bare = self
    bare.desired = DesiredState(fileCount: desired.fileCount)
    bare.observed = ObservedState(version: observed.version)
    bare.ledger = []
    return bare
  }
}
