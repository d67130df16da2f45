package import Model
package import Platform

/// The time of day without its jumps. A clock that is set wrong for a moment must not end a suspension, open or close a
/// window, or expire what is kept for months: a time that does not follow from the time that passed is believed once it
/// has been shown for ten minutes.
package final class SteadyClock: Sendable {
  /// Seconds by which a clock may be corrected at once.
  private static let tolerance = 60.0
  /// Seconds after which another time is believed.
  private static let patience = 600.0

  private struct State {
    /// A time that was believed, and when that was.
    var base: (time: Timestamp, at: Double)
    /// By how much the shown time differs from the expected one, and since when.
    var doubt: (offset: Double, since: Double)?
  }

  private let clock: any MonotonicClock
  private let shown: @Sendable () -> Timestamp
  private let state: Lock<State>

  package init(
    clock: any MonotonicClock = SystemMonotonicClock(), shown: @escaping @Sendable () -> Timestamp = { .now }
  ) {
    self.clock = clock
    self.shown = shown
    state = Lock(State(base: (shown(), clock.now)))
  }

  package var now: Timestamp {
    let (at, time) = (clock.now, shown())
    return state.withLock { state in
      let expected = state.base.time + (at - state.base.at)
      let offset = time.seconds - expected.seconds
      if abs(offset) <= Self.tolerance {
        state = State(base: (time, at))
        return time
      }
      guard let doubt = state.doubt, abs(doubt.offset - offset) <= Self.tolerance else {
        state.doubt = (offset, at)
        return expected
      }
      guard at - doubt.since >= Self.patience else { return expected }
      state = State(base: (time, at))
      return time
    }
  }
}
