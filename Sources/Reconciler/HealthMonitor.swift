package import Model
package import Platform
package import Probe
package import Store

/// What the monitor knows at a moment.
package struct HealthSnapshot: Sendable {
  package var records: [HealthState.Record]
  package var windows: [String: CheckStatistics]
  package var at: Timestamp
}

/// Checks what is watched, each at its time, and remembers what was found. When is for `HealthState` to say.
package actor HealthMonitor {
  /// What it needs of the world.
  package struct Surroundings: Sendable {
    package var checker: any HealthChecker
    /// Opens the store; it is closed after each use, so that a disk that was full for a while does no lasting harm.
    package var store: @Sendable () throws -> any HealthStore
    package var clock: any MonotonicClock = SystemMonotonicClock()
    package var now: @Sendable () -> Timestamp = { .now }
    /// Told whose health changed.
    package var report: @Sendable ([HealthTransition], HealthSnapshot) async -> Void = { _, _ in }

    package init(checker: any HealthChecker, store: @escaping @Sendable () throws -> any HealthStore) {
      self.checker = checker
      self.store = store
    }
  }

  private let around: Surroundings
  private let timer: TimerLoop
  private var book: HealthState
  private var windows: [String: CheckStatistics] = [:]
  private var unsaved: [HealthSample] = []
  /// Transitions that nobody was told of yet.
  private var news: [HealthTransition] = []
  private var savedAt = -Double.infinity
  private var notifiedAt = -Double.infinity
  private var summarisedAt = -Double.infinity

  /// Seconds for which a success counts for those who ask.
  private static let freshness = 120.0
  /// Seconds between writes to the store, between words about who changed, and between summaries.
  private static let savePause = 10.0
  private static let tellPause = 1.0
  private static let summaryPause = 60.0...600.0
  /// Samples that wait for a store that cannot be written; the oldest go first.
  private static let maximumUnsaved = 50_000

  package init(_ thresholds: HealthTracker.Thresholds, _ surroundings: Surroundings) async {
    around = surroundings
    timer = TimerLoop(clock: surroundings.clock)
    let store = try? surroundings.store()
    let texts = (try? await store?.persistedHealth()) ?? [:]
    windows = (try? await store?.checkStatistics(at: surroundings.now())) ?? [:]
    let memories = texts.compactMapValues { StoredText.decoded($0) as PersistedHealth? }
    book = HealthState(thresholds, memories: memories)
  }

  /// Replaces what is watched: each pass says it anew.
  package func watch(_ targets: [HealthTarget]) {
    book.watch(targets, at: around.clock.now, around.now())
    timer.wake()
  }

  package var view: HealthSnapshot {
    HealthSnapshot(
      records: book.records.values.sorted { $0.target.name < $1.target.name }, windows: windows, at: around.now())
  }

  /// Destinations that answered as they should a moment ago: who asks need not ask them again.
  package func recentSuccesses() -> [ProbeTarget: ProbeResult] {
    let now = around.now()
    var results: [ProbeTarget: ProbeResult] = [:]
    for record in book.records.values {
      guard let last = record.last, last.direct.isOK, now.seconds - last.at.seconds <= Self.freshness else { continue }
      results[last.direct.target] = last.direct
    }
    return results
  }

  /// Returns when `stop` was requested and what was found is in the store. Nobody waits for checks that are on their way.
  package func run(stop: ShutdownSignal) async {
    await withDiscardingTaskGroup { group in
      await timer.run(stop: stop) {
        let round = begin()
        await take(round.skipped)
        if !round.inFlight.isEmpty {
          group.addTask { [checker = around.checker] in
            await checker.check(round.inFlight) { check in
              // What was given up says nothing.
              if !Task.isCancelled { await self.take([check]) }
            }
          }
        }
        let telling = await tellWhenDue()
        return [book.due, telling].compactMap(\.self).min()
      }
      group.cancelAll()
    }
    await save()
  }

  private func begin() -> HealthState.Round {
    let now = around.clock.now
    guard let due = book.due, due <= now else { return HealthState.Round() }
    return book.begin(at: now, around.now())
  }

  private func take(_ checks: [HealthCheck]) async {
    guard !checks.isEmpty else { return }
    let transitions = book.note(checks, at: around.clock.now)
    unsaved += checks.filter { $0.outcome != .inconclusive }.map(HealthSample.init)
    news += transitions
    // Somebody is to be hurried, or told.
    timer.wake()
  }

  /// Saves and tells what there is, once in a while: what changes within a moment is told together. Says when there will
  /// be more to tell; nil: there is nothing.
  private func tellWhenDue() async -> Double? {
    let now = around.clock.now
    if now - savedAt >= Self.savePause { await save() }
    guard !news.isEmpty else { return nil }
    guard now - notifiedAt >= Self.tellPause else { return notifiedAt + Self.tellPause }
    notifiedAt = now
    let transitions = news
    news = []
    await save()
    await around.report(transitions, view)
    return nil
  }

  private func save() async {
    let now = around.clock.now
    // What is found while this is written is for the next time.
    let batch = unsaved
    unsaved = []
    savedAt = now
    var isRecorded = false
    do {
      let store = try around.store()
      try await store.record(batch, memories: memories(of: Set(batch.map(\.name))))
      isRecorded = true
      // A second for each host: what is summed up for many is summed up less often.
      let pause = Double(book.records.count).clamped(to: Self.summaryPause)
      guard now - summarisedAt >= pause else { return }
      summarisedAt = now
      try await store.summarise(at: around.now())
      windows = try await store.checkStatistics(at: around.now())
    } catch {
      // The pass says what is wrong with the store; checks go on.
      if !isRecorded { unsaved = (batch + unsaved).suffix(Self.maximumUnsaved) }
    }
  }

  private func memories(of names: Set<String>) -> [String: String] {
    book.records.filter { names.contains($0.key) }.mapValues { StoredText.encoded($0.memory) }
  }
}

extension Double {
  fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
    min(max(self, range.lowerBound), range.upperBound)
  }
}

extension HealthSample {
  fileprivate init(_ check: HealthCheck) {
    self.init(name: check.name, at: check.at, isOK: check.outcome == .passed, milliseconds: check.latency)
  }
}
