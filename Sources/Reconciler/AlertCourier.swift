package import AlertSinks
package import Alerting
package import Platform
package import Store

/// Carries notices from the store to one sink, in their order. A sink that is away is tried again ever later, for a
/// day; nobody else waits for it.
package final class AlertCourier: Sendable {
  private let sink: AlertSink
  private let store: @Sendable () throws -> any AlertStore
  private let clock: any LoopClock
  private let now: @Sendable () -> Timestamp
  private let report: @Sendable (News) async -> Void
  private let wheel: DueLoop

  /// What is worth saying of a sink.
  package enum News: Sendable {
    /// It could not be told for the first time in a while; it is tried again.
    case failing(sink: String, reason: String)
    case recovered(sink: String)
    /// A notice that nobody will hear.
    case undelivered(sink: String, AlertNotice, reason: String)
  }

  /// Seconds to the second attempt, which doubles, and at most.
  private static let firstPause = 5.0
  private static let longestPause = 900.0
  /// Seconds after which a notice is history.
  private static let patience = 86400.0

  package init(
    _ sink: AlertSink, store: @escaping @Sendable () throws -> any AlertStore,
    clock: any LoopClock = SystemLoopClock(), now: @escaping @Sendable () -> Timestamp = { .now },
    report: @escaping @Sendable (News) async -> Void = { _ in }
  ) {
    self.sink = sink
    self.store = store
    self.clock = clock
    self.now = now
    self.report = report
    wheel = DueLoop(clock: clock)
  }

  /// There may be something to carry.
  package func wake() { wheel.wake() }

  package func run(stop: StopSignal) async {
    var progress = Progress()
    await wheel.run(stop: stop) { await carry(&progress) }
  }

  /// What a courier knows from attempt to attempt.
  private struct Progress {
    /// What was told and could not be struck off the list, as on a full disk: it is not told twice.
    var told: Set<Int> = []
    var isFailing = false
  }

  /// Carries what is due; says when to come again.
  private func carry(_ progress: inout Progress) async -> Double? {
    while true {
      do {
        let store = try store()
        guard let row = try await store.outbox(sink.settings.name).first else { return nil }
        if progress.told.contains(row.number) {
          try await store.noteDelivered(row.number)
          progress.told.remove(row.number)
          continue
        }
        let wait = row.nextAt.seconds - now().seconds
        guard wait <= 0 else { return clock.now + wait }
        if let pause = try await attempt(row, store, &progress) { return clock.now + pause }
      } catch {
        // The store will be there again.
        return clock.now + Self.firstPause
      }
    }
  }

  /// Tells one notice; says how long to wait where that failed.
  private func attempt(_ row: OutboxRow, _ store: any AlertStore, _ progress: inout Progress) async throws -> Double? {
    guard let notice: AlertNotice = StoredText.decoded(row.notice) else {
      progress.told.insert(row.number)
      return nil
    }
    do {
      try await sink.tell(notice)
      progress.told.insert(row.number)
      if progress.isFailing { await report(.recovered(sink: sink.settings.name)) }
      progress.isFailing = false
      return nil
    } catch {
      let failure = error as? SinkFailure ?? SinkFailure("\(error)")
      // What was given up for a stop is for the next start.
      if Task.isCancelled { return Self.firstPause }
      if failure.isFinal || now().seconds - row.createdAt.seconds > Self.patience {
        progress.told.insert(row.number)
        await report(.undelivered(sink: sink.settings.name, notice, reason: failure.message))
        return nil
      }
      if !progress.isFailing { await report(.failing(sink: sink.settings.name, reason: failure.message)) }
      progress.isFailing = true
      let pause = min(Self.longestPause, Self.firstPause * Double(1 << min(row.attempts, 10)))
      try await store.noteUndelivered(row.number, next: Timestamp(seconds: now().seconds + pause))
      return pause
    }
  }
}
