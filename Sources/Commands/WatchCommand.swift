import DesiredFiles
import Model
import Platform
import Probe
import Reconciler
import Store

/// `reconciler watch`: laps for ever, each the same as an apply.
enum WatchCommand {
  static let definition = CommandDefinition(
    name: "watch", summary: "Stay, and keep NPM as the desired files say",
    discussion: """
      A lap begins when desired files change, with every interval (watch.interval), and on SIGHUP; each reads everything
      again. Where the files have mistakes, the last good ones stay in force. A second watch on the same store stands by.
      SIGTERM finishes the change in flight.
      """,
    flags: ApplyFlags.planning, run: run)

  /// Seconds between looks at whether the active daemon still lives.
  private static let standbyPause = 1.0

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    Process.useOneHeap()
    let bench = try Workbench(invocation)
    let stop = StopSignal()
    stop.listenToSignals()
    stop.deferExit()
    // Also while it stands by: what a service manager sends to reload must not end it.
    let reload = Lock<@Sendable () -> Void>({})
    stop.onHangUp { reload.withLock { $0 }() }
    let manager = ServiceManager()
    let pulse = Task { await beat(manager) }
    defer { pulse.cancel() }
    let lap = try WatchLap(bench, stop: stop, manager: manager)
    guard let lock = try await becomeActive(bench, stop, manager) else { return .success }
    let git = bench.settings.daemon.git
    let interval = min(bench.settings.daemon.interval, git?.interval ?? .infinity)
    let loop = ReconcileLoop(LoopState.Timing(interval: interval)) { await lap.run($0) }
    let monitor = await HealthMonitor(bench.settings.daemon.health.thresholds, bench.surroundings(lap, loop))
    let alerts = await WatchAlerts(bench)
    let files =
      git == nil ? FileWatch(bench.settings.desired, ignoring: bench.settings.status) { loop.trigger(.files) } : nil
    await lap.attach(monitor, alerts, files)
    reload.withLock { $0 = { loop.trigger(.request) } }
    let what = git.map { "\($0.branch) of \($0.shownURL)" } ?? "\(bench.settings.desired)/"
    bench.invocation.console.say("watching \(what) for NPM at \(bench.settings.npmURL)")
    manager.ready()
    async let health: Void = monitor.run(stop: stop)
    async let telling: Void = alerts.run(stop: stop)
    await loop.run(stop: stop)
    await health
    await telling
    manager.stopping()
    bench.invocation.console.say("stopped")
    withExtendedLifetime(lock) {}
    return .success
  }

  /// Tells the service manager that tasks of ours still get their turn.
  private static func beat(_ manager: ServiceManager) async {
    guard let seconds = manager.watchdog else { return }
    while !Task.isCancelled {
      manager.alive()
      try? await Task.sleep(for: .seconds(seconds / 3))  // a heartbeat is a matter of time
    }
  }

  /// Waits until no other daemon works on the same store; nil: we were told to stop before.
  private static func becomeActive(
    _ bench: Workbench, _ stop: StopSignal, _ manager: ServiceManager
  ) async throws -> FileLock? {
    let state = "\(bench.settings.state).watch"
    do {
      return try await RunLock.take(beside: state, timeout: 0, stop: stop)
    } catch let failure as CommandFailure where failure.exit == .locked {
      let who = FileLock.holder("\(state).lock") ?? "another process"
      bench.invocation.console.say("standing by: \(who) watches already")
      manager.ready()
      manager.status("standing by")
    }
    do {
      let lock = try await RunLock.take(beside: state, timeout: nil, every: standbyPause, stop: stop)
      bench.invocation.console.say("the active daemon is gone: taking over")
      return lock
    } catch let failure as CommandFailure where failure.exit == .locked {
      return nil
    }
  }
}

extension Workbench {
  /// What the monitor needs of the world.
  fileprivate func surroundings(_ lap: WatchLap, _ loop: ReconcileLoop) -> HealthMonitor.Surroundings {
    let health = settings.daemon.health
    let checker = HealthProber(
      settings: settings.probe, engine: engine, door: health.door, landmarks: health.landmarks)
    let path = settings.state
    var surroundings = HealthMonitor.Surroundings(checker: checker) { try SQLiteStore(path: path) }
    surroundings.report = { transitions, view in
      if await lap.note(transitions, view) { loop.trigger(.health) }
    }
    return surroundings
  }
}
