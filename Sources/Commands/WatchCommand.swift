import DesiredFiles
import Model
import Platform
import Probe
import Reconciler
import Store

/// `reconciler watch`: passes for ever, each the same as an apply.
enum WatchCommand {
  static let definition = CommandDefinition(
    name: "watch", summary: "Stay, and keep NPM as the desired files say",
    discussion: """
      A reconciliation begins when desired files change, with every interval (watch.interval), and on SIGHUP; each reads everything
      again. Where the files have mistakes, the last good ones stay in force. A second watch on the same store stands by.
      SIGTERM finishes the change in flight.
      """,
    flags: ApplyFlags.planning, run: run)

  /// Seconds between looks at whether the active daemon still lives.
  private static let standbyPause = 1.0

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    CurrentProcess.limitArenas()
    let context = try CommandContext(invocation)
    let stop = ShutdownSignal()
    stop.listenToSignals()
    stop.deferExit()
    // Also while it stands by: what a service manager sends to reload must not end it.
    let reload = Lock<@Sendable () -> Void>({})
    stop.onHangUp { reload.withLock { $0 }() }
    let manager = SystemdNotifier()
    let pulse = Task { await beat(manager) }
    defer { pulse.cancel() }
    let controller = try WatchLap(context, stop: stop, manager: manager)
    guard let lock = try await becomeActive(context, stop, manager) else { return .success }
    let git = context.settings.daemon.git
    let interval = min(context.settings.daemon.interval, git?.interval ?? .infinity)
    let loop = ReconcileLoop(ReconcileSchedule.Timing(interval: interval)) { await controller.run($0) }
    let monitor = await HealthMonitor(context.settings.daemon.health.thresholds, context.surroundings(controller, loop))
    let alerts = await WatchAlerts(context)
    let files =
      git == nil ? FileWatch(context.settings.desired, ignoring: context.settings.status) { loop.trigger(.files) } : nil
    await controller.attach(monitor, alerts, files)
    reload.withLock { $0 = { loop.trigger(.request) } }
    let what = git.map { "\($0.branch) of \($0.shownURL)" } ?? "\(context.settings.desired)/"
    context.invocation.console.say("watching \(what) for NPM at \(context.settings.npmURL)")
    manager.ready()
    async let health: Void = monitor.run(stop: stop)
    async let telling: Void = alerts.run(stop: stop)
    await loop.run(stop: stop)
    await health
    await telling
    manager.stopping()
    context.invocation.console.say("stopped")
    withExtendedLifetime(lock) {}
    return .success
  }

  /// Tells the service manager that tasks of ours still get their turn.
  private static func beat(_ manager: SystemdNotifier) async {
    guard let seconds = manager.watchdog else { return }
    while !Task.isCancelled {
      manager.alive()
      try? await Task.sleep(for: .seconds(seconds / 3))  // a heartbeat is a matter of time
    }
  }

  /// Waits until no other daemon works on the same store; nil: we were told to stop before.
  private static func becomeActive(
    _ context: CommandContext, _ stop: ShutdownSignal, _ manager: SystemdNotifier
  ) async throws -> FileLock? {
    let state = "\(context.settings.state).watch"
    do {
      return try await ApplyLock.take(beside: state, timeout: 0, stop: stop)
    } catch let failure as CommandFailure where failure.exit == .locked {
      let who = FileLock.holder("\(state).lock") ?? "another process"
      context.invocation.console.say("standing by: \(who) watches already")
      manager.ready()
      manager.status("standing by")
    }
    do {
      let lock = try await ApplyLock.take(beside: state, timeout: nil, every: standbyPause, stop: stop)
      context.invocation.console.say("the active daemon is gone: taking over")
      return lock
    } catch let failure as CommandFailure where failure.exit == .locked {
      return nil
    }
  }
}

extension CommandContext {
  /// What the monitor needs of the world.
  fileprivate func surroundings(_ controller: WatchLap, _ loop: ReconcileLoop) -> HealthMonitor.Surroundings {
    let health = settings.daemon.health
    let checker = HealthProber(
      settings: settings.probe, engine: engine, door: health.door, connectivityTargets: health.connectivityTargets)
    let path = settings.state
    var surroundings = HealthMonitor.Surroundings(checker: checker) { try SQLiteStore(path: path) }
    surroundings.report = { transitions, view in
      if await controller.note(transitions, view) { loop.trigger(.health) }
    }
    return surroundings
  }
}
