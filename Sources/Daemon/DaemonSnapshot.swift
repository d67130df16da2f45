import Store
package import Alerting
package import Model
import Platform
package import Probe
package import Reconciler
package import Reports

/// The state of a running daemon at one point in time. Immutable, and replaced as a whole after each reconciliation and
/// each change of health: reading it never blocks.
package struct DaemonSnapshot: Sendable {
  package struct Counters: Hashable, Sendable {
    package var reconciliations = 0
    package var failedReconciliations = 0
    package var appliedChanges = 0
    package var failedChanges = 0
    package var healthTransitions = 0
  }

  package var instance: InstanceID
  package var startedAt: Timestamp
  package var updatedAt: Timestamp
  /// nil: the daemon has not finished one.
  package var lastReconciliation: ReconcileReport?
  /// The last plan; a failed reconciliation has none of its own.
  package var lastPlan: PlanResult?
  package var headline: Headline?
  /// nil: nothing was checked yet.
  package var health: HealthSnapshot?
  /// Alerts that fire.
  package var alerts: [Alert] = []
  /// Certificates in NPM when it was last read.
  package var certificates: [CertificateInventory.Entry] { lastPlan?.certificates.entries ?? [] }
  package var counters = Counters()
  /// The status since the last reconciliation and the last change of health, without the report on each host.
  package var document: StatusDocument

  /// - Parameter document: what was known when the daemon before it ended.
  package init(instance: InstanceID, startedAt: Timestamp, document: StatusDocument) {
    self.instance = instance
    self.document = document
    self.startedAt = startedAt
    updatedAt = startedAt
  }

  package var source: SourceStatus? { lastReconciliation?.source }

  /// - Parameter view: nil: it is not known yet what to watch.
  mutating func take(_ cause: DaemonUpdate.Cause, _ view: HealthSnapshot?, at now: Timestamp) {
    health = view
    switch cause {
    case .reconciled(let report): take(report)
    case .healthChanged(let transitions): take(transitions, at: now)
    case .aged(let since): age(stuckSince: since, at: now)
    }
  }

  private mutating func take(_ report: ReconcileReport) {
    updatedAt = report.finishedAt
    lastReconciliation = report.withoutStates
    counters.reconciliations += 1
    if case .failed = report.outcome { counters.failedReconciliations += 1 }
    counters.appliedChanges += report.applied?.count(.applied) ?? 0
    counters.failedChanges += report.applied?.count(.failed) ?? 0
    headline = Headline(report) ?? headline
    lastPlan = lastReconciliation?.planned ?? lastPlan
    document.take(report)
    if let health { document.status.set(ConditionReport(health)) }
  }

  private mutating func take(_ transitions: [HealthTransition], at now: Timestamp) {
    updatedAt = now
    counters.healthTransitions += transitions.count
    if let health { document.status.set(ConditionReport(health)) }
  }

  /// - Parameter since: nil: reconciliations end in time.
  private mutating func age(stuckSince since: Timestamp?, at now: Timestamp) {
    updatedAt = now
    if let health, !health.records.isEmpty { document.status.set(ConditionReport(health)) }
    guard let since else { return }
    let stuck = Headline(stuckSince: since)
    headline = stuck
    document.status.set(.init(.inSync, .unknown, stuck.reason, stuck.message, since: now))
  }
}

extension StatusDocument {
  /// What a failed reconciliation does not see stays as it was.
  mutating func take(_ report: ReconcileReport) {
    switch report.outcome {
    case .noDesiredState:
      let message = "the desired files never were without errors since the start"
      status.set(.init(.inSync, .unknown, "NoDesiredState", message, since: report.finishedAt))
    case .failed(let diagnostic, let since):
      // Whatever was true when NPM was last read, nothing is known about it now.
      let message = "the last reconciliation failed: \(diagnostic.message)"
      status.set(.init(.inSync, .unknown, "ReconcileFailed", message, since: since))
    case .refused, .applied: self = report.document?.keepingTimes(of: self) ?? self
    }
    if let problem = report.source.problem {
      status.set(.init(.desiredValid, .no, problem.reason, problem.message, since: problem.since))
    } else {
      status.remove(.desiredValid)
    }
  }
}

/// The newest snapshot, for readers on any thread.
package final class SnapshotHolder: Sendable {
  private let state: Lock<DaemonSnapshot>

  package init(_ first: DaemonSnapshot) { state = Lock(first) }

  package var current: DaemonSnapshot { state.withLock { $0 } }

  /// - Returns: the snapshots before and after.
  func update(_ change: (inout DaemonSnapshot) -> Void) -> (before: DaemonSnapshot, after: DaemonSnapshot) {
    state.withLock { snapshot in
      let before = snapshot
      change(&snapshot)
      return (before, snapshot)
    }
  }
}
