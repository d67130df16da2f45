package import HTTPServer

/// A backend that always gives the same response.
package struct SampleBackend: HTTPHandler {
  package var status: Int
  package init(status: Int = 200) { self.status = status }
  package func respond(to request: HTTPRequest) async -> HTTPResponse {
    HTTPResponse(status: status, headers: [("Content-Type", "text/plain")], body: Array("hello".utf8))
  }
}

/// Runs a body with a backend on its own port.
package func withBackend(status: Int = 200, _ body: (Int) async throws -> Void) async throws {
  let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: SampleBackend(status: status))
  do {
    try await body(server.port)
  } catch {
    await server.stop()
    throw error
  }
  await server.stop()
}

/// A port without a listener: it was free a moment ago.
package func closedPort() async throws -> Int {
  let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: SampleBackend())
  let port = server.port
  await server.stop()
  return port
}
