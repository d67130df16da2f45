import Configuration
import Daemon
import DesiredFiles
import Model
import Platform
import Probe
import Publishing
import Reconciler
import Store

/// `reconciler watch`: builds the daemon and runs it.
enum WatchCommand {
  static let definition = CommandDefinition(
    name: "watch", summary: "Stay, and keep NPM as the desired files say",
    discussion: """
      A reconciliation begins when desired files change, with every interval (watch.interval), and on SIGHUP; each reads
      everything again. Where the files have mistakes, the last good ones stay in force. A second watch on the same store
      stands by. SIGTERM finishes the change in flight. With --listen it can be asked by HTTP: docs/api.md.
      """,
    flags: [listen] + ApplyFlags.planning, run: run)

  private static let listen = FlagDefinition(
    "listen", value: "ADDRESS", "Serve the HTTP API there: 127.0.0.1:9890, or unix:/run/reconciler.sock")

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    CurrentProcess.limitArenas()
    Terminal.bufferErrors()
    let context = try CommandContext(invocation)
    let stop = ShutdownSignal()
    stop.listenToSignals()
    stop.deferExit()
    let companion = try context.settings.api.map { try APICompanion($0, context) }
    try await DaemonRunner(try context.daemon(stop), companion: companion).run()
    return .success
  }
}

extension CommandContext {
  fileprivate func daemon(_ stop: ShutdownSignal) throws -> DaemonService.Dependencies {
    let configuration = settings.daemon
    let log = ConsoleLogger(console: invocation.console)
    let stores = SQLiteStoreProvider(path: settings.state)
    meters.watchStore(settings.state)
    var options = try reconcileOptions()
    options.maintenance = { MaintenanceWindow.suspension(configuration.windows, at: $0) }
    let policy = DestinationPolicy(DestinationRule(allowed: settings.allowedDestinations))
    var controller = ReconcileController.Dependencies(
      source: desiredSource(configuration.git), gateway: try gateway(), stores: stores,
      prober: Prober(
        settings: settings.probe, engine: engine, policy: policy, observe: { [meters] in meters.note($0) }),
      options: options, statePath: settings.state, log: log, stop: stop)
    controller.selfHeals = configuration.selfHeals
    // A commit is whole at once.
    controller.settleSeconds = configuration.git == nil ? configuration.settle : 0
    let checker = HealthProber(
      settings: settings.probe, engine: engine, dataPlane: configuration.health.dataPlane,
      connectivityTargets: configuration.health.connectivityTargets, policy: policy
    ) { [meters] in meters.note($0) }
    let alerts = AlertService.Dependencies(
      configuration: configuration, stores: BudgetedStores(stores), notifier: notifier, log: log,
      correlation: correlation)
    var dependencies = DaemonService.Dependencies(
      configuration: configuration, controller: controller, checker: checker, alerts: alerts,
      status: settings.status, manager: SystemdNotifier())
    dependencies.policy = policy
    return dependencies
  }

  private func desiredSource(_ git: GitSettings?) -> any DesiredSource {
    guard let git else {
      return DirectorySource(settings.desired, ignoring: settings.status, secrets: settings.secrets) {
        [directory = settings.desired, secrets = settings.secrets] in
        DesiredLoader.load(directory, secrets: secrets)
      }
    }
    return GitDesiredSource(git, directory: "\(settings.state).source", secrets: settings.secrets)
  }

  /// Delivers notifications to a receiver.
  @Sendable func notifier(_ receiver: ReceiverConfiguration) -> Notifier {
    Notifier(
      receiver, owner: settings.owner, transport: engine,
      observe: { [meters] in meters.noteDelivery(of: receiver.name, wasDelivered: $0) },
      say: { [console = invocation.console] in console.log($0) })
  }
}

/// The daemon's log on the console.
private struct ConsoleLogger: DaemonLogger {
  let console: Console

  func log(_ message: String) { console.log(message) }
  func debug(_ message: String) { console.info(message) }
}
