package import HTTPServer
import Model
package import Platform

/// The HTTP API of a daemon: the routes, who may ask, and the server.
package final class APIServer: Sendable {
  package struct Settings: Sendable {
    package var listen: ListenAddress
    package var rules = Gate.Rules()
    package var limits = HTTPServerLimits()
    /// nil: plain HTTP.
    package var certificate: ServerCertificate?
    /// Of the program, for the description.
    package var version: String

    package init(listen: ListenAddress, version: String) {
      self.listen = listen
      self.version = version
    }
  }

  private let server: HTTPServer
  private let hub: EventHub
  private let desk: WorkflowDesk

  /// Where it listens, with the port that the kernel chose if the settings leave it that choice.
  package var address: ListenAddress { server.address }

  /// - Throws: `HTTPServerError`.
  package init(_ settings: Settings, _ source: APISource) throws {
    let hub = EventHub(source.stores)
    let book = TokenBook(source.stores)
    let metrics = RequestMetrics()
    let gate = Gate(settings.rules, now: source.now) { try await book.tokens(isNew: $0) }
    let running = Lock<HTTPServer?>(nil)
    let services = APIServices(source, gate, hub, metrics)
    let routes = services.routes(version: settings.version) {
      running.withLock { server in (server?.connectionCount ?? 0, server?.streamCount ?? 0) }
    }
    server = try HTTPServer(
      settings.listen, limits: settings.limits, certificate: settings.certificate,
      handler: Router(routes, gate: gate, metrics: metrics))
    running.withLock { [server] in $0 = server }
    self.hub = hub
    desk = services.desk
    Task { [desk] in await desk.resume() }
  }

  /// Ends streams, finishes what is being answered, and closes.
  package func stop() async {
    await desk.close()
    await hub.close()
    await server.stop()
  }
}

/// What answers requests: the parts that are shared by all of them, and the routes.
package struct APIServices: Sendable {
  private let source: APISource
  private let hub: EventHub
  private let metrics: RequestMetrics
  private let health: HealthRoutes
  let desk: WorkflowDesk

  package init(_ source: APISource, _ gate: Gate, _ hub: EventHub, _ metrics: RequestMetrics) {
    self.source = source
    self.hub = hub
    self.metrics = metrics
    let health = HealthRoutes(source)
    self.health = health
    let runner = WorkflowRunner(source.orders, health)
    desk = WorkflowDesk(
      source.stores, now: source.now,
      isAdmitted: { record in
        await gate.stillAdmits(
          record.tokenDigest.map { Principal(name: record.startedBy, role: .read, digest: $0) })
      }, work: { await runner.run($0, $1, $2) })
  }

  /// All that can be asked for.
  package func routes(
    version: String, connections: @escaping @Sendable () -> (open: Int, streams: Int)
  ) -> [Route] {
    let objects = ObjectRoutes(source)
    let routes =
      health.routes + objects.routes + WriteRoutes(source, objects, desk).routes + StateRoutes(source).routes
      + EventRoutes(source, hub).routes + OrderRoutes(source).routes + WorkflowRoutes(source, desk).routes
      + BadgeRoutes(source).routes + MetricRoutes(source, metrics, desk, connections: connections).routes
    return routes + [OpenAPI.route(routes, version: version)]
  }
}
