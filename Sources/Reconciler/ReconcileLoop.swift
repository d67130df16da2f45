package import Platform

/// Runs laps when they are due, one at a time, until it is told to stop. When is for `LoopState` to say.
package final class ReconcileLoop: Sendable {
  private let clock: any LoopClock
  private let chance: @Sendable () -> Double
  private let lap: @Sendable ([Trigger]) async -> LapResult
  private let timing: LoopState.Timing
  private let inbox = Lock<[Trigger]>([.start])
  /// Each element: look again. One that waits is as good as many.
  private let wakes = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

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
    self.chance = chance
    self.lap = lap
  }

  /// Asks for a lap; from anywhere, at any time.
  package func trigger(_ trigger: Trigger) {
    inbox.withLock { $0.append(trigger) }
    wakes.continuation.yield()
  }

  /// Returns when `stop` was requested and no lap runs any more.
  package func run(stop: StopSignal) async {
    var state = LoopState(timing)
    var alarm: Task<Void, Never>?
    let wake = wakes.continuation
    let stopping = Task {
      await stop.wait()
      wake.yield()
    }
    defer {
      alarm?.cancel()
      stopping.cancel()
    }
    wake.yield()
    for await _ in wakes.stream {
      if stop.isRequested { return }
      for trigger in inbox.withLock({ inbox in
        defer { inbox = [] }
        return inbox
      }) { state.note(trigger) }
      if let due = state.due, due <= clock.now {
        let result = await lap(state.begin(at: clock.now))
        state.end(result, at: clock.now, chance: chance())
        wake.yield()
        continue
      }
      alarm?.cancel()
      alarm = state.due.map { due in
        Task { [clock] in
          await clock.wait(until: due)
          if !Task.isCancelled { wake.yield() }
        }
      }
    }
  }
}
