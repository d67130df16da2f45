import FoundationEssentials
package import HTTPServer
package import Model
import Platform

/// A server that responds like Nginx Proxy Manager, for tests and demos. It identifies itself as a simulator.
package final class Simulator: Sendable {
  /// The simulated releases.
  package static let versions = [
    NPMVersion(2, 12, 6), NPMVersion(2, 13, 7), NPMVersion(2, 14, 0), NPMVersion(2, 15, 1),
  ]

  package struct Settings: Sendable {
    package var address = "127.0.0.1"
    /// 0: the kernel chooses.
    package var port = 0
    package var start = SimulatorState.Start.freshAdmin
    package var version = NPMVersion(2, 15, 1)
    /// Whether `/simulator/...` accepts resets and faults.
    package var hasControl = false
    /// Address of the data plane; nil: none.
    package var dataPlane: (address: String, port: Int)?
    /// Called with the served state after each reload, before NPM responds.
    package var onReload: (@Sendable (JSONValue) async -> Void)?
    /// A file that keeps the state between runs.
    package var dataFile: String?
    /// Its clock.
    package var now: @Sendable () -> Timestamp = { .now }

    package init() {}
  }

  package let port: Int
  /// nil: no data plane.
  package let dataPlanePort: Int?
  private let server: HTTPServer
  private let dataPlane: HTTPServer?
  private let engine: SimulatorEngine
  private let dataFile: String?
  private let stopSignal = ShutdownSignal()

  /// Starts to listen.
  package init(_ settings: Settings) throws {
    // Releases without a set-up create their first user themselves.
    let start = ReleaseProfile(settings.version).hasSetup ? settings.start : .freshAdmin
    var state = SimulatorState(start, now: settings.now())
    if let file = settings.dataFile, Files.exists(file) {
      state = try JSONDecoder().decode(SimulatorState.self, from: Data(Files.read(file)))
    }
    engine = SimulatorEngine(state: state, dialect: ReleaseProfile(settings.version), now: settings.now)
    let door = SimulatorHandler(engine: engine, settings, stop: stopSignal)
    server = try HTTPServer(address: settings.address, port: settings.port, maximumBody: 8 << 20, handler: door)
    port = server.port
    dataPlane = try settings.dataPlane.map { [engine] place in
      try HTTPServer(address: place.address, port: place.port, handler: SimulatedDataPlane(engine: engine))
    }
    dataPlanePort = dataPlane?.port
    door.frontage.onReload { [server] in server.closeIdleConnections() }
    dataFile = settings.dataFile
  }

  /// The same without a socket: requests come by calls.
  package static func handler(_ settings: Settings) -> any HTTPHandler {
    let state = SimulatorState(settings.start, now: settings.now())
    let engine = SimulatorEngine(state: state, dialect: ReleaseProfile(settings.version), now: settings.now)
    return SimulatorHandler(engine: engine, settings, stop: ShutdownSignal())
  }

  /// Stops, and writes the data file if there is one.
  package func stop() async throws {
    stopSignal.request()
    await server.stop()
    await dataPlane?.stop()
    if let dataFile { try Files.replace(dataFile, with: Array(JSONEncoder().encode(await engine.state)), mode: 0o600) }
  }
}
