import API
import Configuration
import Daemon
import HTTPServer
import Metrics
import Model
import Platform

/// The HTTP API beside a daemon.
final class APICompanion: DaemonCompanion {
  private let settings: APIServer.Settings
  private let objects = ObjectBook()
  private let console: Console
  private let meters: MeterRegistry
  private let server = Lock<APIServer?>(nil)

  /// - Throws: `CommandFailure`, where its certificate cannot be read.
  init(_ configuration: APIConfiguration, _ context: CommandContext) throws {
    console = context.invocation.console
    meters = context.meters
    var settings = APIServer.Settings(listen: configuration.listen, version: VersionCommand.number)
    settings.rules.requiresToken = configuration.requiresToken
    settings.rules.tokens = configuration.tokens.map {
      AccessToken(name: $0.name, role: $0.role, digest: AccessToken.digest(of: $0.secret), createdAt: .now)
    }
    settings.rules.trustedProxies = configuration.trustedProxies
    settings.rules.allowedHosts = configuration.allowedHosts
    settings.rules.requestsPerSecond = configuration.rateLimit
    settings.limits.connectionsPerAddress = configuration.connectionsPerAddress
    // The daemon needs files and connections of its own, whatever clients hold.
    let files = CurrentProcess.raiseFileLimit(to: settings.limits.connections + Self.reserve)
    settings.limits.connections = max(16, min(settings.limits.connections, files - Self.reserve))
    if let files = configuration.certificate {
      settings.certificate = ServerCertificate(chain: try Self.read(files.chain), key: try Self.read(files.key))
    }
    self.settings = settings
  }

  /// Descriptors for the store, files, NPM and checks.
  private static let reserve = 192

  private static func read(_ file: String) throws -> String {
    do {
      return String(decoding: try Files.read(file), as: UTF8.self)
    } catch {
      throw CommandFailure(
        .invalid,
        [Diagnostic(.unreadableFile, "\(error)", hint: "api.certificate and api.certificate_key name PEM files")])
    }
  }

  var subscribers: [any DaemonSubscriber] { [objects, ReconcileMeter(meters: meters)] }

  func start(beside service: DaemonService) async throws {
    let source = APISource(
      snapshot: { service.snapshot }, health: service.health, goesOn: { service.goesOn }, objects: objects,
      interval: service.interval,
      stores: service.stores,
      now: service.now, check: service.check, trigger: { service.trigger(.request) },
      orders: service, policy: service.policy, meters: meters)
    do {
      let started = try APIServer(settings, source)
      server.withLock { $0 = started }
      let scheme = settings.certificate == nil ? "http" : "https"
      console.log("the API listens on \(started.address) (\(scheme))")
    } catch let error as HTTPServerError {
      throw CommandFailure(
        .failure,
        [Diagnostic(.listenFailed, error.description, hint: "name another address with --listen or api.listen")])
    }
  }

  func stop() async { await server.withLock { $0 }?.stop() }
}
