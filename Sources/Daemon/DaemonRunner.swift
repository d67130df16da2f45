import Model
import Platform
import Reconciler

/// Runs a daemon from its start to its stop: watchdog, stand-by, service.
package struct DaemonRunner: Sendable {
  private let dependencies: DaemonService.Dependencies
  private let patience: Double
  private let companion: (any DaemonCompanion)?
  private var controller: ReconcileController.Dependencies { dependencies.controller }

  /// - Parameter patience: seconds after a stop was requested, in which a store that hangs may answer.
  package init(
    _ dependencies: DaemonService.Dependencies, companion: (any DaemonCompanion)? = nil, patience: Double = 10
  ) {
    self.dependencies = dependencies
    self.companion = companion
    self.patience = patience
  }

  /// Returns after a stop was requested.
  ///
  /// - Throws: where the companion cannot begin.
  package func run() async throws {
    let stop = controller.stop
    ShutdownSignal.ignoreOthers()
    // nil: it stands by.
    let running = Lock<DaemonService?>(nil)
    // Also on stand-by: the reload signal of a service manager must not end it.
    stop.onHangUp { running.withLock { $0 }?.trigger(.request) }
    let watchdog = Task { [manager = dependencies.manager] in
      await Self.feed(manager) { running.withLock { $0 }?.goesOn ?? true }
    }
    defer { watchdog.cancel() }
    let active = await Standby.becomeActive(
      statePath: controller.statePath, log: controller.log, stop: stop, manager: dependencies.manager)
    guard let active else { return }
    var dependencies = dependencies
    dependencies.controller.leadership = active
    let service = await DaemonService(dependencies, more: companion?.subscribers ?? [])
    try await companion?.start(beside: service)
    running.withLock { $0 = service }
    controller.log.log("watching \(controller.source.title) for NPM at \(controller.options.npmURL)")
    let work = Task { await service.run() }
    await stop.wait()
    await companion?.stop()
    while await work.value(within: patience) == nil {
      guard await service.isStoreSilent() else { continue }
      controller.log.log("stopped, without what the store was to take: it does not answer")
      return
    }
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
