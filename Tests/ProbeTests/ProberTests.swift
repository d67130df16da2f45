import Curl
import HTTPServer
import Probe
import TestSupport
import Testing

@Suite struct ProberTests {
  private func probe(_ host: String, _ port: Int, scheme: String = "http") async -> ProbeResult {
    // Long timeouts, so that a busy test machine does not look like a service that is down.
    var settings = ProbeSettings()
    settings.tcpTimeout = 60
    settings.httpTimeout = 60
    return await Prober(settings: settings, engine: CurlEngine())
      .probe(ProbeTarget(name: "x", scheme: scheme, host: host, port: port))
  }

  private func states(_ result: ProbeResult) -> [String] {
    result.steps.map { "\($0.step.rawValue) \($0.status.rawValue)" }
  }

  @Test func `a service that answers passes all four steps`() async throws {
    try await withBackend { port in
      let result = await probe("127.0.0.1", port)
      #expect(states(result) == ["syntax passed", "dns passed", "tcp passed", "http passed"])
      #expect(result.steps[1].detail == "127.0.0.1")
      #expect(result.steps[3].detail == "200")
      #expect(result.isOK)
    }
  }

  @Test func `a name is resolved first`() async throws {
    try await withBackend { port in
      let result = await probe("localhost", port)
      #expect(result.isOK)
      #expect(result.steps[1].detail?.contains("127.0.0.1") == true)
    }
  }

  @Test func `a closed port is refused, with the contract's words`() async throws {
    let port = try reservedPort()
    let result = await probe("127.0.0.1", port)
    #expect(states(result) == ["syntax passed", "dns passed", "tcp failed", "http skipped"])
    #expect(result.failure?.error == "connection refused")
    let words = "Port \(port) is not accepting connections. Check if the service is running and the port is correct."
    #expect(result.failure?.hint == words)
  }

  @Test func `a name that cannot be resolved fails in the DNS step`() async throws {
    let result = await probe("no-such-host.invalid", 80)
    #expect(states(result) == ["syntax passed", "dns failed", "tcp skipped", "http skipped"])
    #expect(result.failure?.hint == "Domain cannot be resolved. Check DNS settings or use an IP address.")
  }

  @Test(arguments: [(500, false), (503, false), (404, true), (401, true), (302, true)])
  func `a server error fails and a refusal to serve us does not`(status: Int, isOK: Bool) async throws {
    try await withBackend(status: status) { port in
      let result = await probe("127.0.0.1", port)
      #expect(result.isOK == isOK)
      let words = "Service responded with HTTP \(status). The service may not be healthy."
      #expect(result.failure?.hint == (isOK ? nil : words))
    }
  }

  @Test func `TLS to a plain service fails with a hint at the scheme`() async throws {
    try await withBackend { port in
      let result = await probe("127.0.0.1", port, scheme: "https")
      #expect(result.failure?.step == .http)
      #expect(result.failure?.hint?.contains("forward_scheme") == true)
    }
  }

  @Test(arguments: [("ftp", "h", 80), ("http", "", 80), ("http", "a b", 80), ("http", "h", 0)])
  func `what cannot be asked fails in the syntax step`(scheme: String, host: String, port: Int) async {
    let result = await probe(host, port, scheme: scheme)
    #expect(result.failure?.step == .syntax)
    #expect(result.steps.count == 4)
  }

  @Test func `many targets come back in their order`() async throws {
    let closed = try reservedPort()
    try await withBackend { port in
      let targets = (0..<300).map {
        ProbeTarget(name: "t\($0)", scheme: "http", host: "127.0.0.1", port: $0 % 3 == 0 ? closed : port)
      }
      let results = await Prober(settings: ProbeSettings(), engine: CurlEngine()).probe(targets)
      #expect(results.map(\.target.name) == targets.map(\.name))
      #expect(results.enumerated().allSatisfy { $1.isOK == ($0 % 3 != 0) })
    }
  }

  @Test func `a service that drips its answer is read to its end within the limits`() async throws {
    let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: DrippingBackend())
    let result = await probe("127.0.0.1", server.port)
    #expect(result.isOK)
    await server.stop()
  }
}

/// Sends its body byte by byte.
private struct DrippingBackend: HTTPHandler {
  func respond(to request: HTTPRequest) async -> HTTPResponse {
    var response = HTTPResponse(status: 200, body: Array("slow".utf8))
    response.delivery = .drip(pause: 0.005)
    return response
  }
}
