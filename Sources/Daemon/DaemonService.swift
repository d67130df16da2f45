package import Configuration
import Reconciler
import Alerting
package import Model
import Platform
package import Probe
import Reports
package import Store

/// The running daemon: the loop, the health monitor, and the subscribers to their results.
package final class DaemonService: Sendable {
  package struct Dependencies: Sendable {
    package var configuration: DaemonConfiguration
    package var controller: ReconcileController.Dependencies
    package var checker: any HealthChecker
    package var alerts: AlertService.Dependencies
    /// Directory of the status files.
    package var status: String
    package var manager: SystemdNotifier
    /// Where destinations that requests give may lead.
    package var policy = DestinationPolicy(DestinationRule())
    package var instance = InstanceID.default
    /// The time of day, without its jumps.
    package let now: @Sendable () -> Timestamp

    package init(
      configuration: DaemonConfiguration, controller: ReconcileController.Dependencies, checker: any HealthChecker,
      alerts: AlertService.Dependencies, status: String, manager: SystemdNotifier
    ) {
      self.configuration = configuration
      self.controller = controller
      self.checker = checker
      self.alerts = alerts
      self.status = status
      self.manager = manager
      let steady = SteadyClock()
      now = { steady.now }
      self.controller.options.now = now
      self.alerts.now = now
      self.controller.undoesByHealth = configuration.rollback != nil
    }
  }

  let dependencies: Dependencies
  let loop: ReconcileLoop
  let controller: ReconcileController
  let monitor: HealthMonitor
  private let alerts: AlertService
  let publisher: UpdatePublisher
  private let freshness: FreshnessTimer
  private let meter = WorkMeter()
  private let subscriptions: [Subscription]

  private var stop: ShutdownSignal { dependencies.controller.stop }

  /// - Parameter more: subscribers besides those of every daemon.
  package init(_ given: Dependencies, more: [any DaemonSubscriber] = []) async {
    dependencies = given
    let files = StatusFiles(directory: given.status)
    let before = await BlockingPool.files.run { try? files.read() }
    let document = before ?? StatusDocument(status: StatusReport(given.controller.options))
    let snapshots = SnapshotHolder(
      DaemonSnapshot(instance: given.instance, startedAt: given.now(), document: document))
    let freshness = FreshnessTimer(interval: given.configuration.interval)
    self.freshness = freshness
    let publisher = UpdatePublisher(snapshots, freshness, now: given.now)
    self.publisher = publisher
    var health = HealthMonitor.Dependencies(checker: given.checker, stores: given.alerts.stores)
    health.now = given.now
    health.report = { transitions, view in publisher.publish(.healthChanged(transitions), view) }
    let monitor = await HealthMonitor(given.configuration.health.thresholds, health, instance: given.instance)
    self.monitor = monitor
    var controller = given.controller
    controller.known = { await monitor.recentSuccesses() }
    controller.progress = { [meter] in meter.noteProgress() }
    let reconciler = ReconcileController(controller)
    self.controller = reconciler
    loop = ReconcileLoop(ReconcileSchedule.Timing(interval: given.configuration.interval), meter: meter) { triggers in
      guard let report = await reconciler.reconcile(triggers) else { return .done }
      publisher.publish(.reconciled(report), await monitor.view)
      return report.result
    }
    let events = EventWriter(stores: given.alerts.stores, log: controller.log)
    alerts = await AlertService(given.alerts, events: events) { alerts in _ = snapshots.update { $0.alerts = alerts } }
    let subscriptions =
      Self.subscribers(given, monitor, alerts, events, loop, reconciler).map { Subscription($0) }
      + more.map { Subscription($0) }
    self.subscriptions = subscriptions
    publisher.subscribe(subscriptions)
  }

  /// The subscribers to each reconciliation and each change of health.
  private static func subscribers(
    _ given: Dependencies, _ monitor: HealthMonitor, _ alerts: AlertService, _ events: EventWriter,
    _ loop: ReconcileLoop, _ reconciler: ReconcileController
  ) -> [any DaemonSubscriber] {
    let controller = given.controller
    let rollback = given.configuration.rollback.map { settings in
      HealthRollback(settings) { candidate in
        await reconciler.requestRollback(candidate)
        loop.trigger(.health)
      }
    }
    return [rollback].compactMap(\.self) + [
      EventLogger(events: events, log: controller.log, correlation: controller.options.correlation),
      StatusPublisher(
        StatusFiles(directory: given.status), interval: given.configuration.interval, log: controller.log),
      HealthTargets(monitor, given.configuration.health, instance: given.instance),
      alerts,
      SystemdStatus(given.manager),
      RecoveryTrigger { loop.trigger($0) },
      DestinationWatch(given.policy, given.alerts.stores),
    ]
  }

  /// With a budget for each call.
  package var stores: BudgetedStores { dependencies.alerts.stores }

  /// Seconds between reconciliations.
  package var interval: Double { dependencies.configuration.interval }

  /// How destinations are at this time; nil: it is not known yet what to check.
  package var health: @Sendable () async -> HealthSnapshot? { { [monitor] in await monitor.view } }

  /// Checks destinations once, for whoever asks; the monitor does not count what is found.
  package var check: @Sendable ([HealthTarget], @escaping @Sendable (HealthCheck) async -> Void) async -> Void {
    { [checker = dependencies.checker] in await checker.check($0, found: $1) }
  }

  /// The time of day, without its jumps.
  package var now: @Sendable () -> Timestamp { dependencies.now }

  package var policy: DestinationPolicy { dependencies.policy }

  /// Whether reconciliations begin when they are due, and make progress.
  package var goesOn: Bool { meter.goesOn }

  /// The current state of the daemon; never blocks.
  package var snapshot: DaemonSnapshot { publisher.snapshots.current }

  /// Whether the store has no answer: a reconciliation that waits for it may not end.
  package func isStoreSilent() async -> Bool {
    do {
      _ = try await dependencies.alerts.stores.ask { try await $0.alerts.pending() }
      return false
    } catch {
      return (error as? StoreError)?.code == .storeTimeout
    }
  }

  /// Requests a reconciliation; from any task, at any time. A request of an operator looks at the source, too.
  package func trigger(_ trigger: Trigger) {
    if trigger == .request { dependencies.controller.source.refresh() }
    loop.trigger(trigger)
  }

  /// Returns when a stop was requested and everything that was found is stored.
  package func run() async {
    let loop = loop
    await DestinationWatch(dependencies.policy, stores).begin()
    await dependencies.controller.source.watch { loop.trigger(.files) }
    dependencies.manager.ready()
    await withTaskGroup(of: Void.self) { group in
      for subscription in subscriptions { group.addTask { await subscription.run() } }
      await withTaskGroup(of: Void.self) { inner in
        inner.addTask { [monitor, stop] in await monitor.run(stop: stop) }
        inner.addTask { [alerts, stop] in await alerts.deliver(stop: stop) }
        inner.addTask { [stop] in await loop.run(stop: stop) }
        inner.addTask { [freshness, monitor, publisher, stop] in
          await freshness.run(stop: stop) { publisher.publish(.aged(stuckSince: $0), await monitor.view) }
        }
        inner.addTask { [source = dependencies.controller.source, stop] in await source.run(stop: stop) }
      }
      for subscription in subscriptions { subscription.finish() }
    }
    dependencies.manager.stopping()
  }
}
