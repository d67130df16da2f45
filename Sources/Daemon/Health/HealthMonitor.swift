package import Model
package import Platform
package import Probe
package import Store

/// Checks each destination when it is due, by `HealthState`, and stores what was found.
package actor HealthMonitor {
  package struct Dependencies: Sendable {
    package var checker: any HealthChecker
    package var stores: BudgetedStores
    package var clock: any MonotonicClock = SystemMonotonicClock()
    package var now: @Sendable () -> Timestamp = { .now }
    /// Gets changes of health.
    package var report: @Sendable ([HealthTransition], HealthSnapshot) async -> Void = { _, _ in }

    package init(checker: any HealthChecker, stores: BudgetedStores) {
      self.checker = checker
      self.stores = stores
    }
  }

  private let dependencies: Dependencies
  private let instance: InstanceID
  private let timer: TimerLoop
  private var state: HealthState
  private var statistics: [TargetKey: CheckStatistics] = [:]
  private var unsaved: [HealthSample] = []
  /// Transitions that were not reported yet.
  private var unreported: [HealthTransition] = []
  private var isSaving = false
  private var isWatching = false
  private var savedAt = -Double.infinity
  private var reportedAt = -Double.infinity
  private var summarisedAt = -Double.infinity

  /// Seconds for which `recentSuccesses` returns a success.
  private static let freshness = 120.0
  /// Seconds between writes to the store, between reports of changes, and between summaries.
  private static let savePause = 10.0
  private static let reportPause = 1.0
  private static let summaryPause = 60.0...600.0
  /// Maximum number of samples kept while the store cannot be written; the oldest are dropped first.
  private static let maximumUnsaved = 50_000

  /// - Parameter instance: which NPM the destinations belong to.
  package init(
    _ thresholds: HealthTracker.Thresholds, _ dependencies: Dependencies, instance: InstanceID = .default
  ) async {
    self.dependencies = dependencies
    self.instance = instance
    timer = TimerLoop(clock: dependencies.clock)
    // Without a store every host is unknown until it is checked.
    let known = try? await dependencies.stores.ask(of: instance) { [now = dependencies.now()] in
      (health: try await $0.health.persistedHealth(), statistics: try await $0.health.checkStatistics(at: now))
    }
    statistics = Self.keyed(known?.statistics ?? [:], instance)
    state = HealthState(thresholds, memories: Self.keyed(known?.health ?? [:], instance))
  }

  private static func keyed<Value>(_ values: [ResourceKey: Value], _ instance: InstanceID) -> [TargetKey: Value] {
    Dictionary(uniqueKeysWithValues: values.map { (TargetKey(instance, $0.key), $0.value) })
  }

  /// Replaces the watched targets: each pass sets them again.
  package func watch(_ targets: [HealthTarget]) {
    isWatching = true
    state.watch(targets, at: dependencies.clock.now, dependencies.now())
    timer.wake()
  }

  /// nil: it is not known yet what to watch.
  package var view: HealthSnapshot? {
    guard isWatching else { return nil }
    let now = dependencies.now()
    let records = state.aged(at: dependencies.clock.now, now).sorted { $0.target.name < $1.target.name }
    return HealthSnapshot(records: records, statistics: statistics, at: now)
  }

  /// Destinations that were healthy a moment ago: the caller need not check them again.
  package func recentSuccesses() -> [ProbeTarget: ProbeResult] {
    let now = dependencies.now()
    var results: [ProbeTarget: ProbeResult] = [:]
    for record in state.records.values {
      guard let last = record.last, last.direct.isOK, now.seconds - last.at.seconds <= Self.freshness else { continue }
      results[last.direct.target] = last.direct
    }
    return results
  }

  /// Returns when `stop` was requested and the results are in the store. Running checks are not awaited.
  package func run(stop: ShutdownSignal) async {
    await withDiscardingTaskGroup { group in
      await timer.run(stop: stop) {
        let round = begin()
        await take(round.skipped)
        if !round.inFlight.isEmpty {
          group.addTask { [checker = dependencies.checker] in
            await checker.check(round.inFlight) { check in
              // A cancelled check has no result.
              if !Task.isCancelled { await self.take([check]) }
            }
          }
        }
        if dependencies.clock.now - savedAt >= Self.savePause, !isSaving { group.addTask { await self.save() } }
        let reporting = await reportWhenDue()
        return [state.due, reporting].compactMap(\.self).min()
      }
      group.cancelAll()
    }
    await save()
  }

  /// The checks that are due, awaited.
  package func checkDue() async {
    let round = begin()
    await take(round.skipped)
    if !round.inFlight.isEmpty { await dependencies.checker.check(round.inFlight) { await self.take([$0]) } }
    await save()
    _ = await reportWhenDue()
  }

  private func begin() -> HealthState.Round {
    let now = dependencies.clock.now
    guard let due = state.due, due <= now else { return HealthState.Round() }
    return state.begin(at: now, dependencies.now())
  }

  private func take(_ checks: [HealthCheck]) async {
    guard !checks.isEmpty else { return }
    let transitions = state.note(checks, at: dependencies.clock.now)
    unsaved += checks.filter { $0.outcome != .inconclusive }.map(HealthSample.init)
    if unsaved.count > Self.maximumUnsaved { unsaved.removeFirst(unsaved.count - Self.maximumUnsaved) }
    unreported += transitions
    // A check may be due sooner, or a report.
    timer.wake()
  }

  /// Saves and reports changes at intervals, so that changes within a moment are reported together.
  ///
  /// - Returns: when there will be more to report; nil: there is nothing.
  private func reportWhenDue() async -> Double? {
    let now = dependencies.clock.now
    guard !unreported.isEmpty else { return nil }
    guard now - reportedAt >= Self.reportPause else { return reportedAt + Self.reportPause }
    reportedAt = now
    let transitions = unreported
    unreported = []
    if let view { await dependencies.report(transitions, view) }
    return nil
  }

  /// In a task of its own: a store that hangs stops no check.
  private func save() async {
    if isSaving { return }
    isSaving = true
    defer { isSaving = false }
    let now = dependencies.clock.now
    // Results that arrive during the write are for the next time.
    let batch = unsaved
    unsaved = []
    savedAt = now
    var isRecorded = false
    do {
      let health = health(of: Set(batch.map(\.key)))
      try await dependencies.stores.ask(of: instance) { try await $0.health.record(batch, health: health) }
      isRecorded = true
      // A second for each host: the more hosts a summary covers, the rarer it is.
      let pause = Double(state.records.count).clamped(to: Self.summaryPause)
      guard now - summarisedAt >= pause else { return }
      summarisedAt = now
      let summary = try await dependencies.stores.ask(of: instance) { [now = dependencies.now()] in
        try await $0.health.summarise(at: now)
        return try await $0.health.checkStatistics(at: now)
      }
      statistics = Self.keyed(summary, instance)
    } catch {
      // The pass reports what is wrong with the store; checks go on.
      if !isRecorded { unsaved = (batch + unsaved).suffix(Self.maximumUnsaved) }
    }
  }

  private func health(of keys: Set<ResourceKey>) -> [ResourceKey: PersistedHealth] {
    Dictionary(
      firstOf: state.records.lazy.filter { keys.contains($0.key.resource) }.map { ($0.key.resource, $0.value.memory) })
  }
}

extension Double {
  fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
    min(max(self, range.lowerBound), range.upperBound)
  }
}

extension HealthSample {
  fileprivate init(_ check: HealthCheck) {
    self.init(check.key.resource, at: check.at, isOK: check.outcome == .passed, milliseconds: check.latency)
  }
}
