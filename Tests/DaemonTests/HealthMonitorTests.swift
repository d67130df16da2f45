import Model
import Platform
import Probe
import Daemon
import Reconciler
import Store
import TestSupport
import Testing

/// The monitor with a manual clock and scripted destinations.
@Suite struct HealthMonitorTests {
  /// A double of the network.
  private final class ToldChecks: HealthChecker {
    let down = Lock<Set<String>>([])
    let clock: ManualClock

    init(_ clock: ManualClock) { self.clock = clock }

    func check(_ targets: [HealthTarget], found: @escaping @Sendable (HealthCheck) async -> Void) async {
      let down = down.withLock { $0 }
      for target in targets {
        let steps = ProbeStep.Name.allCases.prefix(down.contains(target.name) ? 2 : 4).map { ProbeStep($0, .passed) }
        let failed = down.contains(target.name) ? [ProbeStep(.tcp, .failed, error: "refused")] : []
        let result = ProbeResult(target: target.target, steps: steps + failed)
        await found(HealthCheck(target, at: Timestamp(seconds: clock.now), direct: result))
      }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `checks go on by the clock, transitions are told, the store remembers`()
    async throws
  {
    let scratch = try Scratch()
    let clock = ManualClock()
    let checks = ToldChecks(clock)
    let path = "\(scratch.path)/state.db"
    let told = AsyncStream.makeStream(of: HealthTransition.self)
    var dependencies = HealthMonitor.Dependencies(
      checker: checks, stores: BudgetedStores(SQLiteStoreProvider(path: path)))
    dependencies.clock = clock
    dependencies.now = { Timestamp(seconds: clock.now) }
    dependencies.report = { transitions, _ in for change in transitions { told.continuation.yield(change) } }
    let monitor = await HealthMonitor(HealthTracker.Thresholds(), dependencies)
    let stop = ShutdownSignal()
    await monitor.watch([
      HealthTarget(ProbeTarget(name: "a", scheme: "http", host: "10.0.0.1", port: 80), interval: 60)
    ])
    async let ended: Void = monitor.run(stop: stop)
    var changes = told.stream.makeAsyncIterator()
    var waits = clock.waits.stream.makeAsyncIterator()
    #expect(try #require(await waits.next()) <= 0.01)
    clock.set(0.01)
    #expect(await changes.next()?.after == .healthy)
    checks.down.withLock { $0 = ["a"] }
    var times: [Double] = []
    for _ in 0..<3 {
      // A wait that was begun again for a time that is over is none.
      var due = try #require(await waits.next())
      while due <= clock.now { due = try #require(await waits.next()) }
      times.append(due)
      clock.set(due)
    }
    #expect(await changes.next()?.after == .unhealthy)
    #expect(abs(times[2] - times[1] - 60) < 1e-6)
    stop.request()
    clock.set(1000)
    await ended
    let store = try SQLiteStore(path: path)
    #expect(
      try await store.checkStatistics(at: Timestamp(seconds: 1000))[ResourceKey(.proxyHost, "a")]?.day.checks == 4)
    // A daemon that starts again knows what was, and a day later that it is not known any more.
    for (pause, health) in [(90.0, Health.unhealthy), (86400, .unknown)] {
      dependencies.now = { [times] in Timestamp(seconds: times[2] + pause) }
      let next = await HealthMonitor(HealthTracker.Thresholds(), dependencies)
      await next.watch([
        HealthTarget(ProbeTarget(name: "a", scheme: "http", host: "10.0.0.1", port: 80), interval: 60)
      ])
      #expect(await next.view?.records.first?.health == health)
    }
  }

  @Test(.timeLimit(.minutes(5))) func `what a store that is away cannot take is remembered once it is back`()
    async throws
  {
    let scratch = try Scratch()
    let clock = ManualClock()
    let path = "\(scratch.path)/state.db"
    let isAway = Lock(false)
    var dependencies = HealthMonitor.Dependencies(
      checker: ToldChecks(clock), stores: BudgetedStores(SometimesAway(path: path, isAway: isAway)))
    dependencies.clock = clock
    dependencies.now = { Timestamp(seconds: clock.now) }
    let monitor = await HealthMonitor(HealthTracker.Thresholds(), dependencies)
    isAway.withLock { $0 = true }
    let stop = ShutdownSignal()
    await monitor.watch([
      HealthTarget(ProbeTarget(name: "a", scheme: "http", host: "10.0.0.1", port: 80), interval: 60)
    ])
    async let ended: Void = monitor.run(stop: stop)
    var waits = clock.waits.stream.makeAsyncIterator()
    // Three rounds without a store.
    var due = try #require(await waits.next())
    for _ in 0..<3 {
      clock.set(due)
      repeat { due = try #require(await waits.next()) } while due <= clock.now + 5
    }
    isAway.withLock { $0 = false }
    stop.request()
    clock.set(100_000)
    await ended
    let windows = try await SQLiteStore(path: path).checkStatistics(at: Timestamp(seconds: 1000))
    #expect(windows[ResourceKey(.proxyHost, "a")]?.day.checks == 3)
  }
}
