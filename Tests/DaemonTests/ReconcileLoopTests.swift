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

  @Test(.timeLimit(.minutes(5)))
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

  @Test(.timeLimit(.minutes(5))) func `a change is waited for no longer than the gap`() async {
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

  @Test(.timeLimit(.minutes(5))) func `trouble is tried again before the interval is over`() async {
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

  @Test(.timeLimit(.minutes(5))) func `the watchdog is fed while passes begin in time and make progress`() async {
    let clock = ManualClock()
    let meter = WorkMeter(clock: clock)
    let passes = AsyncStream.makeStream(of: Void.self)
    let (stop, gate) = (ShutdownSignal(), ShutdownSignal())
    let loop = ReconcileLoop(ReconcileSchedule.Timing(interval: 60), clock: clock, meter: meter, chance: { 0.5 }) { _ in
      passes.continuation.yield()
      if clock.now >= 60 { await gate.wait() }
      return .done
    }
    async let ended: Void = loop.run(stop: stop)
    var begun = passes.stream.makeAsyncIterator()
    var waits = clock.waits.stream.makeAsyncIterator()
    await begun.next()
    #expect(await waits.next() == 60)
    #expect(meter.goesOn)
    clock.set(60)
    await begun.next()
    // A pass that makes progress may last; one that does not is stuck.
    clock.set(60 + WorkMeter.longestStep)
    #expect(meter.goesOn)
    meter.noteProgress()
    clock.set(60 + 2 * WorkMeter.longestStep)
    #expect(meter.goesOn)
    clock.set(61 + 2 * WorkMeter.longestStep)
    #expect(!meter.goesOn)
    gate.request()
    _ = await waits.next()
    #expect(meter.goesOn)
    // A loop that does not begin when it is due is stuck, too.
    let idle = WorkMeter(clock: clock)
    let late = clock.now + WorkMeter.longestStep
    clock.set(late + 1)
    #expect(!idle.goesOn)
    stop.request()
    clock.set(100_000)
    await ended
  }
}
