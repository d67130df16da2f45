import Model
import Platform
import Daemon
import Reconciler

/// A clock that tests move manually.
final class ManualClock: MonotonicClock {
  private struct State {
    var now = 0.0
    var waiters: [(time: Double, wake: CheckedContinuation<Void, Never>)] = []
  }
  private let state = Lock(State())
  /// The times for which a wait began.
  let waits = AsyncStream.makeStream(of: Double.self)

  var now: Double { state.withLock { $0.now } }

  func wait(until time: Double) async {
    await withCheckedContinuation { wake in
      let isOver = state.withLock { state in
        if time > state.now { state.waiters.append((time, wake)) }
        return time <= state.now
      }
      if isOver { wake.resume() } else { waits.continuation.yield(time) }
    }
  }

  /// Sets the time and ends the waits that are due.
  func set(_ time: Double) {
    let due = state.withLock { state in
      state.now = max(state.now, time)
      let due = state.waiters.filter { $0.time <= state.now }
      state.waiters.removeAll { $0.time <= state.now }
      return due
    }
    for waiter in due { waiter.wake.resume() }
  }
}
