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
  private let report: @Sendable (Undelivered) async -> Void
  private let wheel: DueLoop

  /// A notice that nobody will hear.
  package struct Undelivered: Sendable {
    package var sink: String
    package var notice: AlertNotice
    package var reason: String
  }

  /// Seconds to the second attempt, which doubles, and at most.
  private static let firstPause = 5.0
  private static let longestPause = 900.0
  /// Seconds after which a notice is history.
  private static let patience = 86400.0

  package init(
    _ sink: AlertSink, store: @escaping @Sendable () throws -> any AlertStore,
    clock: any LoopClock = SystemLoopClock(), now: @escaping @Sendable () -> Timestamp = { .now },
    report: @escaping @Sendable (Undelivered) async -> Void = { _ in }
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
    var told: Set<Int> = []
    await wheel.run(stop: stop) { await carry(&told) }
  }

  /// Carries what is due; says when to come again.
  ///
  /// - Parameter told: what was told and could not be struck off the list, as on a full disk: it is not told twice.
  private func carry(_ told: inout Set<Int>) async -> Double? {
    while true {
      guard let store = try? store(), let row = try? await store.outbox(sink.settings.name).first else { return nil }
      if told.contains(row.number) {
        guard (try? await store.noteDelivered(row.number)) != nil else { return clock.now + Self.longestPause }
        told.remove(row.number)
        continue
      }
      let wait = row.nextAt.seconds - now().seconds
      guard wait <= 0 else { return clock.now + wait }
      guard let notice: AlertNotice = AlertDesk.decoded(row.notice) else {
        told.insert(row.number)
        continue
      }
      do {
        try await sink.tell(notice)
        told.insert(row.number)
      } catch {
        let failure = error as? SinkFailure ?? SinkFailure("\(error)")
        let isOld = now().seconds - row.createdAt.seconds > Self.patience
        if failure.isFinal || isOld {
          told.insert(row.number)
          await report(Undelivered(sink: sink.settings.name, notice: notice, reason: failure.message))
        } else {
          let pause = min(Self.longestPause, Self.firstPause * Double(1 << min(row.attempts, 10)))
          try? await store.noteUndelivered(row.number, next: Timestamp(seconds: now().seconds + pause))
          return clock.now + pause
        }
      }
    }
  }
}
