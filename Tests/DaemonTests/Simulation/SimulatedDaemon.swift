import Alerting
import Configuration
import Curl
import DesiredFiles
import Model
import NPMClient
import Planning
import Platform
import Probe
import Publishing
import Reconciler
import Reports
import Store
import TestSupport
import Upstream

@testable import Daemon

/// One process of a daemon on a simulated world. Its parts are the real ones; what runs beside each other in a daemon is
/// here called one after the other, so that a schedule always has the same result.
final class SimulatedDaemon {
  let isDead = Lock(false)
  private let world: SimulatedWorld
  private let now: @Sendable () -> Timestamp
  private let reading = Lock(SourceReading())
  private let controller: ReconcileController
  private let alerts: AlertService
  private let events: EventLogger
  private let monitor: HealthMonitor
  private let targets: HealthTargets
  private let changes: Lock<[[HealthTransition]]>
  private var snapshot: DaemonSnapshot
  private let disk: HangingStores
  private let stores: BudgetedStores
  /// A reconciliation that waits for the store.
  private var waiting: Task<ReconcileReport?, Never>?
  private var reconciledAt: Timestamp

  /// - Parameter directory: for its lock file.
  init(_ world: SimulatedWorld, directory: String) async {
    self.world = world
    let clock = SimulatedClock(world: world)
    let steady = SteadyClock(clock: clock) { world.shownTime }
    let now: @Sendable () -> Timestamp = { steady.now }
    self.now = now
    reconciledAt = now()
    let disk = HangingStores(SimulatedStoreProvider(world: world, isDead: isDead))
    self.disk = disk
    if world.state.withLock({ $0.isStoreHanging }) { disk.hang() }
    let stores = BudgetedStores(disk, clock: DecidedBudget { disk.isHanging })
    self.stores = stores
    var options = ReconcileOptions(npmURL: "http://npm.test", owner: "homelab", policy: .sync)
    options.usesReloadWitness = false
    options.now = now
    var dependencies = ReconcileController.Dependencies(
      source: FixedSource(reading: reading), gateway: Self.gateway(world, clock), stores: disk,
      prober: Prober(settings: ProbeSettings(), engine: CurlEngine()), options: options,
      statePath: "\(directory)/state.db", log: SilentLog(), stop: ShutdownSignal())
    dependencies.clock = clock
    dependencies.settleSeconds = 10
    dependencies.pause = { seconds in world.state.withLock { $0.now += seconds } }
    controller = ReconcileController(dependencies)
    var configuration = DaemonConfiguration()
    var receiver = ReceiverConfiguration(name: "hook", kind: .webhook)
    receiver.url = Secret("http://sink.test/")
    configuration.receivers = [receiver]
    // Each outage is told once: schedules are shorter than that.
    configuration.rules = [.down: AlertRuleSettings(.critical, cooldown: 365 * 86400)]
    configuration.maximumRestarts = 1000
    let sink = SimulatedSink(world: world) { [isDead] in isDead.withLock { $0 = true } }
    var service = AlertService.Dependencies(
      configuration: configuration, stores: stores,
      notifier: { Notifier($0, owner: "homelab", transport: sink) { _ in } }, log: SilentLog(), correlation: "x")
    (service.now, service.clock) = (now, clock)
    let writer = EventWriter(stores: stores, log: SilentLog())
    alerts = await AlertService(service, events: writer) { _ in }
    events = EventLogger(events: writer, log: SilentLog(), correlation: "x")
    let changes = Lock<[[HealthTransition]]>([])
    self.changes = changes
    var checks = HealthMonitor.Dependencies(checker: Checker(world: world, now: now), stores: stores)
    (checks.clock, checks.now) = (clock, now)
    checks.report = { transitions, _ in changes.withLock { $0.append(transitions) } }
    monitor = await HealthMonitor(HealthTracker.Thresholds(), checks)
    var health = HealthConfiguration()
    health.interval = 60
    targets = HealthTargets(monitor, health, instance: .default)
    snapshot = DaemonSnapshot(
      instance: .default, startedAt: now(), document: StatusDocument(status: .init(options)))
  }

  private static func gateway(_ world: SimulatedWorld, _ clock: SimulatedClock) -> RESTGateway {
    var dependencies = UpstreamClient.Dependencies()
    dependencies.pause = { seconds in world.state.withLock { $0.now += seconds } }
    dependencies.now = { clock.now }
    dependencies.random = { 0.5 }
    let upstream = UpstreamClient(
      baseURL: "http://npm.test", configuration: UpstreamConfiguration(name: "NPM"),
      transport: SimulatedNPMTransport(world: world), dependencies: dependencies)
    let credentials = NPMCredentials(identity: "admin@example.com", secret: Secret("changeme"))
    return RESTGateway(upstream: upstream, credentials: credentials, cache: NoTokenCache())
  }

  /// What the files say from now on.
  func read(_ hosts: [String: Int], problem: SourceProblem? = nil, mistakes: String? = nil) {
    let resources = hosts.sorted { $0.key < $1.key }.map { name, port in
      desiredHost(name, hostSpec(["\(name).test"], host: "\(name).lan", port: port)).with {
        $0.check = HealthCheckSpec()
      }
    }
    reading.withLock { reading in
      let revision = reading.revision + 1
      let isUsable = problem == nil && mistakes == nil
      let desired = isUsable ? DesiredState(resources: resources, fileCount: 1) : reading.desired
      reading = SourceReading(desired: desired, mistakes: mistakes, problem: problem)
      reading.revision = revision
    }
  }

  /// One reconciliation, and all that follows from it.
  func reconcile(_ trigger: Trigger = .interval) async {
    if waiting != nil { return await publish(.aged(stuckSince: reconciledAt)) }
    let pass = Task { [controller] in await controller.reconcile([trigger]) }
    waiting = pass
    if !disk.isHanging { await end(pass) }
  }

  private func end(_ pass: Task<ReconcileReport?, Never>) async {
    let report = await pass.value
    waiting = nil
    guard let report else { return }
    reconciledAt = report.finishedAt
    await publish(.reconciled(report))
  }

  func hang() { disk.hang() }

  /// The disk answers; everything that waited for it ends.
  func answer() async {
    disk.answer()
    if let waiting { await end(waiting) }
    while stores.isSilent { await Task.yield() }
  }

  /// It is killed: what waits for the disk never has an effect.
  func kill() async {
    isDead.withLock { $0 = true }
    disk.answer()
    _ = await waiting?.value
    while stores.isSilent { await Task.yield() }
  }

  /// The checks that are due, and deliveries.
  func check() async {
    await monitor.checkDue()
    for transitions in changes.withLock({ list in
      defer { list = [] }
      return list
    }) { await publish(.healthChanged(transitions)) }
  }

  func deliver() async { await alerts.deliverDue() }

  /// As `DaemonService` does: the subscribers see one snapshot, in whatever order.
  private func publish(_ cause: DaemonUpdate.Cause) async {
    snapshot.take(cause, await monitor.view, at: now())
    let update = DaemonUpdate(cause: cause, snapshot: snapshot, newHeadline: nil)
    for subscriber in [alerts, events, targets] as [any DaemonSubscriber] { await subscriber.receive(update) }
  }

  /// A double: backends that are up, or do not answer.
  private struct Checker: HealthChecker {
    let world: SimulatedWorld
    let now: @Sendable () -> Timestamp

    func check(_ targets: [HealthTarget], found: @escaping @Sendable (HealthCheck) async -> Void) async {
      for target in targets {
        let isDown = world.state.withLock { $0.downHosts.contains(target.name) }
        let passed = ProbeStep.Name.allCases.prefix(isDown ? 2 : 4).map { ProbeStep($0, .passed) }
        let steps = passed + (isDown ? [ProbeStep(.tcp, .failed, error: "no answer in time")] : [])
        await found(HealthCheck(target, at: now(), direct: ProbeResult(target: target.target, steps: steps)))
      }
    }
  }
}
