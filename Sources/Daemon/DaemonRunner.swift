import Model
import Platform
import Reconciler

/// Runs a daemon from its start to its stop: watchdog, stand-by, service.
package struct DaemonRunner: Sendable {
  private let dependencies: DaemonService.Dependencies
  private var controller: ReconcileController.Dependencies { dependencies.controller }

  package init(_ dependencies: DaemonService.Dependencies) { self.dependencies = dependencies }

  /// Returns after a stop was requested.
  package func run() async {
    let stop = controller.stop
    ShutdownSignal.ignoreOthers()
    // Also on stand-by: the reload signal of a service manager must not end it.
    let reload = Lock<@Sendable () -> Void>({})
    stop.onHangUp { reload.withLock { $0 }() }
    // On stand-by there is no work.
    let goesOn = Lock<@Sendable () -> Bool>({ true })
    let watchdog = Task { [manager = dependencies.manager] in
      await Self.feed(manager) { goesOn.withLock { $0 }() }
    }
    defer { watchdog.cancel() }
    let active = await Standby.becomeActive(
      statePath: controller.statePath, log: controller.log, stop: stop, manager: dependencies.manager)
    guard let active else { return }
    var dependencies = dependencies
    dependencies.controller.leadership = active
    let service = await DaemonService(dependencies)
    goesOn.withLock { $0 = { service.goesOn } }
    reload.withLock { $0 = { service.trigger(.request) } }
    controller.log.log("watching \(controller.source.title) for NPM at \(controller.options.npmURL)")
    await service.run()
    controller.log.log("stopped")
    withExtendedLifetime(active) {}  // until the end
  }

  /// Feeds the watchdog while the work goes on.
  private static func feed(_ manager: SystemdNotifier, _ goesOn: @Sendable () -> Bool) async {
    guard let seconds = manager.watchdog else { return }
    while !Task.isCancelled {
      if goesOn() { manager.alive() }
      try? await Task.sleep(for: .seconds(seconds / 3))  // a heartbeat is a matter of time
    }
  }
}
