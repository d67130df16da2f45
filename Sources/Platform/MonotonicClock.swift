/// The time by which the loop waits. Tests pass one that they move by hand.
package protocol MonotonicClock: Sendable {
  /// Seconds that never go back; not the time of day.
  var now: Double { get }
  /// Returns when `now` has reached that time, or when the task is cancelled.
  func wait(until time: Double) async
}

/// The machine's own clock.
package struct SystemMonotonicClock: MonotonicClock {
  private let start = ContinuousClock.now

  package init() {}

  package var now: Double { (ContinuousClock.now - start) / .seconds(1) }

  package func wait(until time: Double) async { await Pause.wait(time - now) }
}
