import Alerting
import Configuration
import Daemon
import DesiredFiles
import Model
import Planning
import Platform
import Probe
import Publishing
import Reconciler
import Reports
import Store
import TestSupport
import Testing

/// The whole daemon in this process, on a simulated NPM.
@Suite struct DaemonServiceTests {
  /// A double: a network on which every destination answers.
  private struct AllWell: HealthChecker {
    func check(_ targets: [HealthTarget], found: @escaping @Sendable (HealthCheck) async -> Void) async {
      for target in targets {
        let steps = ProbeStep.Name.allCases.map { ProbeStep($0, .passed) }
        await found(HealthCheck(target, at: .now, direct: ProbeResult(target: target.target, steps: steps)))
      }
    }
  }

  /// Counts reconciliations: all that a subscriber has to be.
  private final class Counter: DaemonSubscriber {
    let updates = AsyncStream.makeStream(of: DaemonUpdate.self)
    func receive(_ update: DaemonUpdate) async { if update.report != nil { updates.continuation.yield(update) } }
  }

  private func running(
    _ npm: SimulatedNPM, _ reading: SourceReading,
    _ body: (DaemonService, Lock<SourceReading>, Counter) async throws -> Void
  ) async throws {
    let scratch = try Scratch()
    let reading = Lock(reading)
    let dependencies = dependencies(npm, reading, scratch)
    let stop = dependencies.controller.stop
    let counter = Counter()
    let service = await DaemonService(dependencies, more: [counter])
    async let ended: Void = service.run()
    do {
      try await body(service, reading, counter)
    } catch {
      stop.request()
      await ended
      throw error
    }
    stop.request()
    await ended
  }

  private func dependencies(
    _ npm: SimulatedNPM, _ reading: Lock<SourceReading>, _ scratch: Scratch, interval: Double = 3600
  ) -> DaemonService.Dependencies {
    let stores = SQLiteStoreProvider(path: "\(scratch.path)/state.db")
    var configuration = DaemonConfiguration()
    configuration.interval = interval
    var options = ReconcileOptions(npmURL: npm.url, owner: "homelab", policy: .sync)
    options.usesReloadWitness = false
    let controller = ReconcileController.Dependencies(
      source: FixedSource(reading: reading), gateway: npm.gateway(), stores: stores,
      prober: Prober(settings: ProbeSettings(), engine: npm.engine), options: options,
      statePath: "\(scratch.path)/state.db", log: SilentLog(), stop: ShutdownSignal())
    let alerts = AlertService.Dependencies(
      configuration: configuration, stores: BudgetedStores(stores),
      notifier: { Notifier($0, owner: "homelab", transport: npm.engine) { _ in } }, log: SilentLog(),
      correlation: "test")
    return DaemonService.Dependencies(
      configuration: configuration, controller: controller, checker: AllWell(), alerts: alerts,
      status: "\(scratch.path)/status", manager: SystemdNotifier())
  }

  private func desired(_ port: Int) -> SourceReading {
    SourceReading(desired: desiredState(desiredHost("app", hostSpec(["app.test"], port: port))))
  }

  @Test(.timeLimit(.minutes(5))) func `a subscriber sees each reconciliation, and the snapshot has its plan`()
    async throws
  {
    try await withSimulator { npm in
      try await running(npm, desired(80)) { service, reading, counter in
        var updates = counter.updates.stream.makeAsyncIterator()
        let first = try #require(await updates.next())
        #expect(first.snapshot.counters.reconciliations == 1 && first.snapshot.counters.appliedChanges == 1)
        #expect(first.newHeadline?.reason == "InSync")
        #expect(first.snapshot.lastPlan?.plan.changes.map(\.key.name) == ["app"])
        reading.withLock { $0 = desired(81) }
        service.trigger(.request)
        let second = try #require(await updates.next())
        #expect(second.report?.triggers == [.request] && second.newHeadline == nil)
        #expect(service.snapshot.counters.reconciliations == 2)
        #expect(try await npm.hosts().map { $0["forward_port"] } == [81])
      }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a store that hangs from the start on is told of, and does not hold up the stop`()
    async throws
  {
    try await withSimulator { npm in
      let scratch = try Scratch()
      let disk = HangingStores(SQLiteStoreProvider(path: "\(scratch.path)/state.db"))
      disk.hang()
      var given = dependencies(npm, Lock(desired(80)), scratch, interval: 0.2)
      given.configuration.receivers = [ReceiverConfiguration(name: "log", kind: .log)]
      given.configuration.rules = [.store: AlertRuleSettings(.critical, cooldown: 3600)]
      given.controller.stores = disk
      let told = AsyncStream.makeStream(of: String.self)
      given.alerts = AlertService.Dependencies(
        configuration: given.configuration, stores: BudgetedStores(disk, clock: DecidedBudget { disk.isHanging }),
        notifier: { receiver in
          Notifier(receiver, owner: "homelab", transport: npm.engine) { told.continuation.yield($0) }
        }, log: SilentLog(), correlation: "test")
      let runner = DaemonRunner(given, patience: 0.1)
      let run = Task { try await runner.run() }
      for await line in told.stream where line.contains("the store does not answer") { break }
      given.controller.stop.request()
      try await run.value
      #expect(disk.isHanging)
      #expect(try await npm.hosts() == [])
      // For what waits still.
      disk.answer()
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a reconciliation that fails leaves the last plan, and its reason`() async throws
  {
    try await withSimulator { npm in
      try await running(npm, desired(80)) { service, _, counter in
        var updates = counter.updates.stream.makeAsyncIterator()
        _ = await updates.next()
        try await npm.faults([
          ["method": "GET", "path": "/api/", "when": "before", "action": "status", "status": 502, "count": 1000]
        ])
        service.trigger(.request)
        let failed = try #require(await updates.next())
        #expect(failed.newHeadline?.reason == "Trouble" && failed.snapshot.counters.failedReconciliations == 1)
        #expect(failed.snapshot.lastPlan != nil && failed.report?.planned == nil)
        #expect(failed.report?.result == .requeue)
        let sync = failed.snapshot.document.status[.inSync]
        #expect(sync?.status == .unknown && sync?.reason == "ReconcileFailed")
      }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `files with mistakes leave the last good state in force`() async throws {
    try await withSimulator { npm in
      try await running(npm, desired(80)) { service, reading, counter in
        var updates = counter.updates.stream.makeAsyncIterator()
        _ = await updates.next()
        reading.withLock { $0.mistakes = "a.yaml:1: nonsense" }
        service.trigger(.files)
        let update = try #require(await updates.next())
        #expect(update.newHeadline?.reason == "DesiredInvalid")
        #expect(update.snapshot.source?.problem?.message.contains("nonsense") == true)
        #expect(update.report?.applied != nil)
        #expect(update.snapshot.document.status[.desiredValid]?.status == .no)
        reading.withLock { $0.mistakes = nil }
        service.trigger(.files)
        #expect(try #require(await updates.next()).snapshot.document.status[.desiredValid] == nil)
      }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `files that never were right leave nothing known, whatever was written before`()
    async throws
  {
    try await withSimulator { npm in
      var nothing = SourceReading()
      nothing.mistakes = "a.yaml:1: nonsense"
      try await running(npm, nothing) { service, _, counter in
        var updates = counter.updates.stream.makeAsyncIterator()
        let first = try #require(await updates.next())
        #expect(first.snapshot.document.status[.inSync]?.status == .unknown)
        #expect(first.snapshot.document.status[.desiredValid]?.status == .no)
      }
    }
  }
}

/// A reconciliation that hangs is noticed whatever else is reported.
@Suite struct FreshnessTimerTests {
  @Test(.timeLimit(.minutes(5))) func `changes of health do not hide that no reconciliation ends`() async {
    let clock = ManualClock()
    let timer = FreshnessTimer(interval: 60, clock: clock, now: Timestamp(seconds: 1000))
    let (stop, reports) = (ShutdownSignal(), AsyncStream.makeStream(of: Timestamp?.self))
    let run = Task { await timer.run(stop: stop) { reports.continuation.yield($0) } }
    var found = reports.stream.makeAsyncIterator()
    var waits = clock.waits.stream.makeAsyncIterator()
    #expect(await waits.next() == 60)
    for second in stride(from: 30.0, through: 150, by: 30) {
      timer.note(.healthChanged([]))
      clock.set(second)
    }
    #expect(await found.next() == .some(Timestamp(seconds: 1000)))
    stop.request()
    clock.set(100_000)
    await run.value
  }
}
