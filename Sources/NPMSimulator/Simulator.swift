import FoundationEssentials
import HTTPServer
package import Model
import Platform

/// A server that answers like Nginx Proxy Manager, for tests and demos. It is no NPM and says so.
package final class Simulator: Sendable {
  /// Releases whose answers it knows.
  package static let versions = [
    NPMVersion(2, 12, 6), NPMVersion(2, 13, 7), NPMVersion(2, 14, 0), NPMVersion(2, 15, 1),
  ]

  package struct Settings: Sendable {
    package var address = "127.0.0.1"
    /// 0: the kernel chooses.
    package var port = 0
    package var start = SimulatorState.Start.freshAdmin
    package var version = NPMVersion(2, 15, 1)
    /// Whether `/simulator/...` can reset it and make it fail.
    package var hasControl = false
    /// Where to answer for what is served; nil: nowhere.
    package var dataPlane: (address: String, port: Int)?
    /// Told what is served after each reload, before NPM answers.
    package var onReload: (@Sendable (JSONValue) async -> Void)?
    /// A file that keeps what it remembers from run to run.
    package var dataFile: String?
    /// The time that it believes in.
    package var now: @Sendable () -> Timestamp = { .now }

    package init() {}
  }

  package let port: Int
  /// nil: there is none.
  package let dataPlanePort: Int?
  private let server: HTTPServer
  private let dataPlane: HTTPServer?
  private let engine: SimulatorEngine
  private let dataFile: String?
  private let stopSignal = ShutdownSignal()

  /// Starts to listen.
  package init(_ settings: Settings) throws {
    // Releases without a set-up make their first user themselves.
    let start = ReleaseProfile(settings.version).hasSetup ? settings.start : .freshAdmin
    var state = SimulatorState(start, now: settings.now())
    if let file = settings.dataFile, Files.exists(file) {
      state = try JSONDecoder().decode(SimulatorState.self, from: Data(Files.read(file)))
    }
    engine = SimulatorEngine(state: state, dialect: ReleaseProfile(settings.version), now: settings.now)
    let door = SimulatorHandler(
      engine: engine, version: settings.version, hasControl: settings.hasControl, stop: stopSignal,
      onReload: settings.onReload)
    server = try HTTPServer(address: settings.address, port: settings.port, maximumBody: 8 << 20, handler: door)
    port = server.port
    dataPlane = try settings.dataPlane.map { [engine] place in
      try HTTPServer(address: place.address, port: place.port, handler: SimulatedDataPlane(engine: engine))
    }
    dataPlanePort = dataPlane?.port
    door.frontage.onReload { [server] in server.closeIdleConnections() }
    dataFile = settings.dataFile
  }

  /// Stops, and writes the data file where there is one.
  package func stop() async throws {
    stopSignal.request()
    await server.stop()
    await dataPlane?.stop()
    if let dataFile { try Files.replace(dataFile, with: Array(JSONEncoder().encode(await engine.state)), mode: 0o600) }
  }
}
