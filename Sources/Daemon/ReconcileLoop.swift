import Model
package import Platform

/// Runs passes when they are due, one at a time, until a stop is requested. `ReconcileSchedule` decides when.
package final class ReconcileLoop: Sendable {
  private let clock: any MonotonicClock
  private let chance: @Sendable () -> Double
  private let reconcile: @Sendable ([Trigger]) async -> ReconcileResult
  private let timing: ReconcileSchedule.Timing
  private let inbox = Lock<[Trigger]>([.start])
  /// What waits for its turn between passes; nil: the loop has ended.
  private let work = Lock<[Work]?>([])

  /// Something that is done between passes, or not at all where the loop has ended.
  private struct Work: Sendable {
    let run: @Sendable (_ isRunning: Bool) async -> Void
  }
  private let timer: TimerLoop
  private let meter: WorkMeter

  /// - Parameters:
  ///   - chance: from 0 to 1, for the jitter.
  ///   - pass: must not throw: a failure is its result.
  package init(
    _ timing: ReconcileSchedule.Timing, clock: any MonotonicClock = SystemMonotonicClock(),
    meter: WorkMeter = WorkMeter(), chance: @escaping @Sendable () -> Double = { .random(in: 0...1) },
    reconcile: @escaping @Sendable ([Trigger]) async -> ReconcileResult
  ) {
    self.timing = timing
    self.clock = clock
    timer = TimerLoop(clock: clock)
    self.meter = meter
    self.chance = chance
    self.reconcile = reconcile
  }

  /// Requests a pass; from any task, at any time.
  package func trigger(_ trigger: Trigger) {
    inbox.withLock { $0.append(trigger) }
    timer.wake()
  }

  /// Runs something between passes, in the order in which it was asked; from any task, at any time.
  ///
  /// - Returns: nil: the loop ended before its turn came.
  package func perform<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) async -> Result? {
    let result = Promise<Result?>()
    let isTaken = work.withLock { work in
      work?.append(Work { isRunning in result.keep(isRunning ? await body() : nil) })
      return work != nil
    }
    guard isTaken else { return nil }
    timer.wake()
    return await result.value
  }

  /// Returns when `stop` was requested and no pass runs any more.
  package func run(stop: ShutdownSignal) async {
    var state = ReconcileSchedule(timing)
    await timer.run(stop: stop) {
      for work in takeWork() {
        meter.noteProgress()
        await work.run(true)
        meter.noteEnd(due: state.due)
      }
      for trigger in takeAll() { state.note(trigger) }
      guard let due = state.due, due <= clock.now else { return state.due }
      meter.noteProgress()
      let result = await reconcile(state.begin(at: clock.now))
      state.end(result, at: clock.now, chance: chance())
      meter.noteEnd(due: state.due)
      // Triggers in the meantime have woken the timer.
      return state.due
    }
    for work in work.withLock({ work in
      defer { work = nil }
      return work ?? []
    }) { await work.run(false) }
  }

  private func takeWork() -> [Work] {
    work.withLock { work in
      defer { work = work == nil ? nil : [] }
      return work ?? []
    }
  }

  private func takeAll() -> [Trigger] {
    inbox.withLock { inbox in
      defer { inbox = [] }
      return inbox
    }
  }
}
