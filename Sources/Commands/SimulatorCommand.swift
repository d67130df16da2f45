import Configuration
import HTTPServer
import Model
import NPMSimulator
import Platform

/// `reconciler simulator`: an NPM for tests and demos.
enum SimulatorCommand {
  private static let listen = FlagDefinition(
    "listen", value: "HOST:PORT", "Where to listen; default: 127.0.0.1:8181; port 0: any")
  private static let data = FlagDefinition("data", value: "FILE", "Keep what it remembers in this file")
  private static let unconfigured = FlagDefinition("unconfigured", "Start without a user, as a new NPM")
  private static let control = FlagDefinition(
    "control", "Allow /simulator/... calls: reset, faults, nginx (tests only)")
  private static let dataPlane = FlagDefinition(
    "data-plane", value: "HOST:PORT", "Answer there as NPM's nginx would for the hosts that it has (HTTP); port 0: any")
  private static let npmVersion = FlagDefinition(
    "npm-version", value: "VERSION", choices: Simulator.versions.map(\.description), "Release to answer as")

  static let definition = CommandDefinition(
    name: "simulator", summary: "Run an NPM-compatible server for tests and demos",
    discussion: "It is no NPM. Log in as admin@example.com with changeme.",
    flags: [listen, data, unconfigured, control, dataPlane, npmVersion], run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    var settings = Simulator.Settings()
    (settings.address, settings.port) = try address(
      invocation.arguments.value(listen) ?? "127.0.0.1:8181", listen)
    settings.dataPlane = try invocation.arguments.value(dataPlane).map { try address($0, dataPlane) }
    settings.dataFile = invocation.arguments.value(data)
    settings.start = invocation.arguments.has(unconfigured) ? .unconfigured : .freshAdmin
    settings.hasControl = invocation.arguments.has(control)
    settings.version = invocation.arguments.value(npmVersion).flatMap { NPMVersion($0) } ?? settings.version
    let stop = ShutdownSignal()
    stop.listenToSignals()
    stop.deferExit()
    let simulator: Simulator
    do {
      simulator = try Simulator(settings)
    } catch let error as HTTPServerError {
      throw CommandFailure(
        .failure, [Diagnostic(.listenFailed, error.description, hint: "choose another with --listen")])
    }
    let place = "http://\(settings.address):\(simulator.port)"
    let console = invocation.console
    console.show("This is a simulator of Nginx Proxy Manager \(settings.version), not NPM. Listening on \(place)")
    if let port = simulator.dataPlanePort, let place = settings.dataPlane {
      console.show("Its data plane answers on http://\(place.address):\(port)")
    }
    await stop.wait()
    try await simulator.stop()
    return .success
  }

  private static func address(_ text: String, _ flag: FlagDefinition) throws -> (address: String, port: Int) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65535).contains(port)
    else { throw UsageError(message: "--\(flag.name) takes HOST:PORT, not '\(text)'") }
    let host = String(text[..<colon])
    return (host == "localhost" || host.isEmpty ? "127.0.0.1" : host, port)
  }
}
