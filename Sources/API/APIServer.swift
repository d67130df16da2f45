package import HTTPServer
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

  /// Where it listens, with the port that the kernel chose if the settings leave it that choice.
  package var address: ListenAddress { server.address }

  /// - Throws: `HTTPServerError`.
  package init(_ settings: Settings, _ source: APISource) throws {
    let hub = EventHub(source.stores)
    let book = TokenBook(source.stores)
    let metrics = RequestMetrics()
    let gate = Gate(settings.rules, now: source.now) { try await book.tokens(isNew: $0) }
    let running = Lock<HTTPServer?>(nil)
    let routes = Self.routes(source, hub, metrics, version: settings.version) {
      running.withLock { server in (server?.connectionCount ?? 0, server?.streamCount ?? 0) }
    }
    server = try HTTPServer(
      settings.listen, limits: settings.limits, certificate: settings.certificate,
      handler: Router(routes, gate: gate, metrics: metrics))
    running.withLock { [server] in $0 = server }
    self.hub = hub
  }

  /// All that can be asked for.
  package static func routes(
    _ source: APISource, _ hub: EventHub, _ metrics: RequestMetrics, version: String,
    connections: @escaping @Sendable () -> (open: Int, streams: Int)
  ) -> [Route] {
    let routes =
      HealthRoutes(source).routes + ObjectRoutes(source).routes + StateRoutes(source).routes
      + EventRoutes(source, hub).routes + OrderRoutes(source).routes + BadgeRoutes(source).routes
      + MetricRoutes(source, metrics, connections: connections).routes
    return routes + [OpenAPI.route(routes, version: version)]
  }

  /// Ends streams, finishes what is being answered, and closes.
  package func stop() async {
    await hub.close()
    await server.stop()
  }
}
