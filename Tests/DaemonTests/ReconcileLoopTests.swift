import Platform
import Daemon
import Reconciler
import Testing

/// The loop with a manual clock.
@Suite struct ReconcileLoopTests {
  /// The test's view of a running loop.
  private final class Bench: Sendable {
    let clock = ManualClock()
    let passes = AsyncStream.makeStream(of: [Trigger].self)
    let result = Lock(ReconcileResult.done)
    let stop = ShutdownSignal()
    let loop: ReconcileLoop

    init() {
      var timing = ReconcileSchedule.Timing(interval: 60)
      timing.gap = 1
      loop = ReconcileLoop(timing, clock: clock, chance: { 0.5 }) { [passes, result] triggers in
        passes.continuation.yield(triggers)
        return result.withLock { $0 }
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a reconciliation at the start, then one with each interval, until it is told to stop`()
    async
  {
    let bench = Bench()
    async let ended: Void = bench.loop.run(stop: bench.stop)
    var passes = bench.passes.stream.makeAsyncIterator()
    var waits = bench.clock.waits.stream.makeAsyncIterator()
    #expect(await passes.next() == [.start])
    #expect(await waits.next() == 60)
    bench.clock.set(60)
    #expect(await passes.next() == [.interval])
    #expect(await waits.next() == 120)
    bench.stop.request()
    bench.clock.set(1000)
    await ended
  }

  @Test(.timeLimit(.minutes(1))) func `a change is waited for no longer than the gap`() async {
    let bench = Bench()
    async let ended: Void = bench.loop.run(stop: bench.stop)
    var passes = bench.passes.stream.makeAsyncIterator()
    var waits = bench.clock.waits.stream.makeAsyncIterator()
    #expect(await passes.next() == [.start])
    #expect(await waits.next() == 60)
    bench.loop.trigger(.files)
    bench.loop.trigger(.files)
    #expect(await waits.next() == 1)
    bench.clock.set(1)
    #expect(await passes.next() == [.files])
    bench.stop.request()
    bench.clock.set(1000)
    await ended
  }

  @Test(.timeLimit(.minutes(1))) func `trouble is tried again before the interval is over`() async {
    let bench = Bench()
    bench.result.withLock { $0 = .requeue }
    async let ended: Void = bench.loop.run(stop: bench.stop)
    var passes = bench.passes.stream.makeAsyncIterator()
    var waits = bench.clock.waits.stream.makeAsyncIterator()
    #expect(await passes.next() == [.start])
    #expect(await waits.next() == 1)
    bench.result.withLock { $0 = .done }
    bench.clock.set(1)
    #expect(await passes.next() == [.interval])
    #expect(await waits.next() == 61)
    bench.stop.request()
    bench.clock.set(1000)
    await ended
  }
}
