package import Model
package import Platform

/// Notices that nothing is reported: a reconciliation that hangs must not leave the last good news in force.
package final class FreshnessTimer: Sendable {
  private struct Marks {
    /// Seconds of the clock, and the time of day.
    var reconciled: (at: Double, time: Timestamp)
    var reported: Double
    /// When this timer reported last.
    var aged: Double
  }

  private let interval: Double
  private let clock: any MonotonicClock
  private let marks: Lock<Marks>

  /// - Parameter interval: seconds within which a reconciliation is expected to end.
  package init(
    interval: Double, clock: any MonotonicClock = SystemMonotonicClock(), now: Timestamp = .now
  ) {
    self.interval = interval
    self.clock = clock
    marks = Lock(Marks(reconciled: (clock.now, now), reported: clock.now, aged: clock.now))
  }

  package func note(_ cause: DaemonUpdate.Cause) {
    let now = clock.now
    marks.withLock { marks in
      marks.reported = now
      if case .reconciled(let report) = cause { marks.reconciled = (now, report.finishedAt) }
    }
  }

  /// Calls `report` for each interval in which nothing else was reported, until a stop is requested.
  ///
  /// - Parameter report: gets since when no reconciliation has ended; nil: one did, two intervals ago at most.
  package func run(stop: ShutdownSignal, _ report: (Timestamp?) async -> Void) async {
    await TimerLoop(clock: clock).run(stop: stop) {
      let now = clock.now
      // Changes of health do not hide that reconciliations do not end.
      let due = marks.withLock { marks in
        min(marks.reported + interval, max(marks.reconciled.at + 2 * interval, marks.aged + interval))
      }
      guard due <= now else { return due }
      marks.withLock { ($0.reported, $0.aged) = (now, now) }
      await report(stuckSince)
      return now + interval
    }
  }

  private var stuckSince: Timestamp? {
    let (at, time) = marks.withLock { $0.reconciled }
    return clock.now - at >= 2 * interval ? time : nil
  }
}
