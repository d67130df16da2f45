import Planning
import DesiredFiles
import Model
package import NPMClient
package import Platform
package import Probe
package import Reconciler
package import Store

/// Runs one reconciliation after the other: reads the source, plans, withholds what must wait, applies. Independent of
/// the users of the result.
package actor ReconcileController {
  package struct Dependencies: Sendable {
    package var source: any DesiredSource
    package var gateway: any NPMGateway
    package var stores: any StoreProvider
    package var prober: Prober
    /// Results of checks that need not be repeated.
    package var known: @Sendable () async -> [ProbeTarget: ProbeResult] = { [:] }
    package var options: ReconcileOptions
    /// The lock is beside it.
    package var statePath: String
    /// Whether drift is repaired if a resource does not set that.
    package var selfHeals = true
    /// Shows that no other daemon works on the same state; nil: it is not checked.
    package var leadership: Leadership?
    /// Seconds for which files must be unchanged before a removal is carried out; 0: it is at once.
    package var settleSeconds = 0.0
    package var clock: any MonotonicClock = SystemMonotonicClock()
    /// Waits so many seconds between reads after a write.
    package var pause: @Sendable (Double) async -> Void = { await Pause.wait($0) }
    /// Whether changes are undone after which hosts become unhealthy.
    package var undoesByHealth = false
    /// Called after each change.
    package var progress: @Sendable () -> Void = {}
    package var log: any DaemonLogger
    package var stop: ShutdownSignal

    package init(
      source: any DesiredSource, gateway: any NPMGateway, stores: any StoreProvider, prober: Prober,
      options: ReconcileOptions, statePath: String, log: any DaemonLogger, stop: ShutdownSignal
    ) {
      self.source = source
      self.gateway = gateway
      self.stores = stores
      self.prober = prober
      self.options = options
      self.statePath = statePath
      self.log = log
      self.stop = stop
    }
  }

  let dependencies: Dependencies
  private var options: ReconcileOptions
  private var backoff = FailureBackoff()
  private var recorder = PlanEventRecorder()
  private var problem: SourceStatus.Problem?
  /// Since when reconciliations fail.
  private var failingSince: Timestamp?
  private var rollback: RollbackCandidate?
  /// How the last attempt to undo something ended.
  var rolledBackBefore: RollbackReport?
  /// The commit, or a digest of what the files say; nil: it is not needed.
  private var sourceIdentity: String?
  /// What this reconciliation undid.
  private var rolledBack: RollbackReport?
  private var beganAt = ContinuousClock.now
  /// Changes of the files that requests made, until what became of them is known.
  var announced: [AnnouncedChange] = []
  /// Which removals wait for the files to settle.
  let removals: Lock<RemovalSettling>
  /// When old events and runs were last deleted.
  private var prunedAt: Double

  /// Seconds to wait for another run, for example a manual apply.
  private static let lockTimeout = 5.0

  package init(_ dependencies: Dependencies) {
    self.dependencies = dependencies
    options = dependencies.options
    prunedAt = dependencies.clock.now
    let removals = Lock(RemovalSettling(seconds: dependencies.settleSeconds))
    self.removals = removals
    let (clock, seconds) = (dependencies.clock, dependencies.settleSeconds)
    options.removalDelay = { removed, desired in
      let waiting = removals.withLock { $0.waiting(removed: removed, desired: desired, at: clock.now) }
      return waiting.isEmpty ? nil : (waiting, seconds)
    }
  }

  /// - Returns: nil: cancelled by a stop.
  package func reconcile(_ triggers: [Trigger]) async -> ReconcileReport? {
    guard let reading = await begin(triggers) else { return nil }
    let source = note(reading)
    return report(triggers, source, reading.desired, await outcome(reading.desired))
  }

  /// Does what was ordered, as a reconciliation of its own.
  ///
  /// - Returns: nil: cancelled by a stop.
  /// - Throws: where it could not be done as it was ordered; nothing was written then, or NPM or the store went away.
  package func carryOut(_ order: ReconcileOrder) async throws -> ReconcileReport? {
    guard let reading = await begin([.request]) else { return nil }
    let source = note(reading)
    guard reading.mistakes == nil, let desired = reading.desired else { throw OrderRefused(reading) }
    return report([.request], source, desired, try await exclusively { try await run(desired, $0, order) })
  }

  private func begin(_ triggers: [Trigger]) async -> SourceReading? {
    dependencies.log.debug("reconcile: \(triggers.map(\.rawValue).joined(separator: ", "))")
    // A request or a corrected file is not delayed by earlier failures.
    if triggers != [.interval] { backoff.clear() }
    removals.withLock { $0.beginReading() }
    beganAt = .now
    let reading = await dependencies.stop.cancelling { [source = dependencies.source] in await source.read() }
    if dependencies.stop.isRequested { return nil }
    removals.withLock { $0.revision = reading.revision }
    rolledBack = nil
    return reading
  }

  private func report(
    _ triggers: [Trigger], _ source: SourceStatus, _ desired: DesiredState?, _ outcome: ReconcileReport.Outcome
  ) -> ReconcileReport {
    defer { CurrentProcess.trimHeap() }
    return ReconcileReport(
      triggers: triggers, source: source, desired: desired, options: options, outcome: outcome,
      rolledBack: rolledBack, sourceIdentity: sourceIdentity, finishedAt: options.now(), beganAt: beganAt)
  }

  private func note(_ reading: SourceReading) -> SourceStatus {
    var status = SourceStatus(hasDesired: reading.desired != nil, commit: reading.commit)
    if let commit = reading.commit, commit != options.commit {
      options.commit = commit
      status.isNewCommit = true
    }
    let found: (message: String, reason: String)? =
      if let mistakes = reading.mistakes {
        ("the desired files have mistakes: \(mistakes)", "DesiredInvalid")
      } else if let problem = reading.problem {
        ("\(problem)", problem.isForced ? "ForcePush" : "SourceUnreachable")
      } else { nil }
    problem = found.map { .init(message: $0.message, reason: $0.reason, since: problem?.since ?? options.now()) }
    status.problem = problem
    return status
  }

  private func outcome(_ desired: DesiredState?) async -> ReconcileReport.Outcome {
    do {
      return try await exclusively { stores in
        guard let desired else { return .noDesiredState }
        return try await run(desired, stores)
      }
    } catch {
      let since = failingSince ?? options.now()
      failingSince = since
      return .failed(Diagnostic(of: error), since: since)
    }
  }

  /// Runs `body` while nothing else writes.
  func exclusively<Result>(_ body: (StoreSet) async throws -> Result) async throws -> Result {
    if let leadership = dependencies.leadership, try await !leadership.isHeld() {
      throw ApplyLock.held("another daemon took over the lock, which was removed")
    }
    let lock = try await ApplyLock.take(
      beside: dependencies.statePath, timeout: Self.lockTimeout, stop: dependencies.stop)
    defer { withExtendedLifetime(lock) {} }
    return try await body(try await dependencies.stores.stores())
  }

  /// Has the next reconciliation undo these changes first.
  package func requestRollback(_ candidate: RollbackCandidate) { rollback = candidate }

  var correlation: String { options.correlation }
  var now: Timestamp { options.now() }
  var commitHash: String? { options.commit?.hash }

  func reconciliation(
    _ stores: StoreSet, purpose: ReconcileOptions.Purpose = .converge, known: [ProbeTarget: ProbeResult] = [:],
    for order: ReconcileOrder? = nil, settled: Bool = false
  ) -> Reconciliation {
    var options = options
    options.purpose = purpose
    options.correlations = Dictionary(announced.map { ($0.key, $0.correlation) }) { $1 }
    if let order { (options.selection, options.correlation) = (order.selection, order.correlation) }
    // What is undone goes at once.
    var waits = !settled
    if case .rollBack = purpose { waits = false }
    if !waits { options.removalDelay = { _, _ in nil } }
    return Reconciliation(
      gateway: dependencies.gateway, stores: stores, prober: dependencies.prober, known: known, settings: options,
      pause: dependencies.pause)
  }

  /// Applies a plan under the lease, and logs each change.
  func apply(
    _ planned: PlanResult, _ run: Reconciliation, _ stores: StoreSet, for order: ReconcileOrder? = nil
  ) async throws -> ApplyResult {
    let lease = try await ApplyLock.lease(
      stores, owner: options.owner, correlation: options.correlation, timeout: Self.lockTimeout,
      stop: dependencies.stop)
    return try await lease.hold {
      [log = dependencies.log, stop = order?.stop ?? dependencies.stop, progress = dependencies.progress] in
      try await run.apply(planned, stop: stop) {
        if case .ended(let outcome) = $0 { log.log(DaemonLog.line(outcome)) }
        order?.progress($0)
        progress()
      }
    }
  }

  private func run(
    _ desired: DesiredState, _ stores: StoreSet, _ order: ReconcileOrder? = nil
  ) async throws -> ReconcileReport.Outcome {
    let now = dependencies.clock.now
    sourceIdentity = try await liftRollbacks(desired, isNeeded: dependencies.undoesByHealth, stores)
    if let candidate = rollback, let report = try await rollBack(candidate, stores) {
      rolledBack = report
      if rollback == candidate && !report.isTriedAgain { rollback = nil }
    }
    try await order?.check(desired, stores)
    let run = reconciliation(stores, known: await dependencies.known(), for: order)
    let found = try await run.plan(desired)
    // What a part of the plan does not say is not over.
    if order?.isPartial != true { await run.append(recorder.events(found, correlation: options.correlation)) }
    await pruneOld(run, now)
    failingSince = nil
    let planned = withholding(found, at: now)
    try order?.check(planned.plan)
    guard planned.refusals.isEmpty else {
      try await run.remember(planned)
      return .refused(planned)
    }
    let result = try await apply(planned, run, stores, for: order)
    for outcome in result.outcomes { backoff.note(outcome, at: now) }
    noteAnnounced(result)
    return .applied(planned, result)
  }

  private func pruneOld(_ run: Reconciliation, _ now: Double) async {
    guard now - prunedAt > 3600 else { return }
    prunedAt = now
    do {
      try await run.prune()
    } catch {
      dependencies.log.log("old events and runs could not be dropped: \(error)")
    }
  }

  /// Moves to `withheld` what is only to be reported, and what failed a moment ago.
  func withholding(_ found: PlanResult, at now: Double) -> PlanResult {
    var planned = found
    let selfHeals = dependencies.selfHeals
    planned.plan.withhold(.reportsOnly) { $0.cause == .drifted && ($0.resource?.selfHeals ?? selfHeals) == false }
    let before = Set(planned.plan.withheld.map(\.key))
    planned.plan.withhold(.failedBefore) { backoff.holds($0, at: now) }
    planned.retrying = Set(planned.plan.withheld.map(\.key)).subtracting(before).filter(backoff.hasFailed)
    return planned
  }
}
