package import Platform

/// Runs laps when they are due, one at a time, until it is told to stop. When is for `LoopState` to say.
package final class ReconcileLoop: Sendable {
  private let clock: any LoopClock
  private let chance: @Sendable () -> Double
  private let lap: @Sendable ([Trigger]) async -> LapResult
  private let timing: LoopState.Timing
  private let inbox = Lock<[Trigger]>([.start])
  private let wheel: DueLoop

  /// - Parameters:
  ///   - chance: from 0 to 1, for the jitter.
  ///   - lap: must not throw: what fails is its result.
  package init(
    _ timing: LoopState.Timing, clock: any LoopClock = SystemLoopClock(),
    chance: @escaping @Sendable () -> Double = { .random(in: 0...1) },
    lap: @escaping @Sendable ([Trigger]) async -> LapResult
  ) {
    self.timing = timing
    self.clock = clock
    wheel = DueLoop(clock: clock)
    self.chance = chance
    self.lap = lap
  }

  /// Asks for a lap; from anywhere, at any time.
  package func trigger(_ trigger: Trigger) {
    inbox.withLock { $0.append(trigger) }
    wheel.wake()
  }

  /// Returns when `stop` was requested and no lap runs any more.
  package func run(stop: StopSignal) async {
    var state = LoopState(timing)
    await wheel.run(stop: stop) {
      for trigger in takeAll() { state.note(trigger) }
      guard let due = state.due, due <= clock.now else { return state.due }
      let result = await lap(state.begin(at: clock.now))
      state.end(result, at: clock.now, chance: chance())
      // What came meanwhile has woken the wheel.
      return state.due
    }
  }

  private func takeAll() -> [Trigger] {
    inbox.withLock { inbox in
      defer { inbox = [] }
      return inbox
    }
  }
}
