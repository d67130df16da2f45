import Curl
import HTTPServer
import Model
import Platform
import TestSupport
import Testing
import Upstream

/// The configuration: what is sent, how often, where to, and what is reported.
@Suite struct UpstreamClientTests {
  /// A test double with scripted responses that records its requests.
  private final class Script: HTTPTransport {
    enum Answer: Sendable {
      case status(Int, [String: String] = [:])
      case error(TransferError.Reason, sent: Bool = true)
    }
    private let answers: Lock<[Answer]>
    let asked = Lock<[HTTPTransfer]>([])
    let waits = Lock<[Double]>([])
    let seen = Lock<[UpstreamObservation]>([])
    let time = Lock(0.0)

    init(_ answers: [Answer]) { self.answers = Lock(answers) }

    func perform(_ transfer: HTTPTransfer) async throws -> TransferResult {
      asked.withLock { $0.append(transfer) }
      switch answers.withLock({ $0.isEmpty ? Answer.status(200) : $0.removeFirst() }) {
      case .status(let status, let headers):
        return TransferResult(
          status: status, headers: headers, body: [1, 2, 3],
          timings: TransferTimings(resolved: 0.1, connected: 0.2, firstByte: 0.3, total: 0.4), remoteAddress: "")
      case .error(let reason, let sent):
        throw TransferError(reason: reason, message: "words", timings: TransferTimings(), mayHaveBeenSent: sent)
      }
    }

    func client(_ url: String = "http://npm.test:81", _ adjust: (inout UpstreamConfiguration) -> Void = { _ in })
      -> UpstreamClient
    {
      var configuration = UpstreamConfiguration(name: "NPM")
      adjust(&configuration)
      var dependencies = UpstreamClient.Dependencies()
      dependencies.pause = { [waits] seconds in waits.withLock { $0.append(seconds) } }
      dependencies.random = { 1 }
      dependencies.now = { [time] in time.withLock { $0 } }
      dependencies.observe = { [seen] call in seen.withLock { $0.append(call) } }
      return UpstreamClient(
        baseURL: url, configuration: configuration, transport: self, correlation: "abc", dependencies: dependencies)
    }

    var urls: [String] { asked.withLock { $0.map(\.url) } }
  }

  private func failure(_ client: UpstreamClient, _ request: UpstreamRequest) async -> UpstreamFailure? {
    do {
      _ = try await client.send(request)
      return nil
    } catch {
      return error
    }
  }

  // MARK: Retries

  @Test func `a read is tried again, a write that may have arrived is not`() async throws {
    let reads = Script([.error(.reset), .status(503), .status(200)])
    #expect(try await reads.client().send(UpstreamRequest("GET", "/x")).status == 200)
    #expect(reads.waits.withLock { $0 } == [0.2, 0.4])
    let writes = Script([.error(.reset)])
    let lost = await failure(writes.client(), UpstreamRequest("POST", "/x"))
    #expect(lost?.code == .upstreamReset && lost?.mayHaveBeenSent == true)
    #expect(writes.urls.count == 1)
    let answered = Script([.status(503)])
    #expect(try await answered.client().send(UpstreamRequest("PUT", "/x")).status == 503)
    #expect(answered.urls.count == 1)
  }

  @Test func `a write that certainly was not carried out is tried again`() async throws {
    let refused = Script([.error(.refused, sent: false), .status(201)])
    #expect(try await refused.client().send(UpstreamRequest("POST", "/x")).status == 201)
    let limited = Script([.status(429, ["retry-after": "3"]), .status(201)])
    #expect(try await limited.client().send(UpstreamRequest("POST", "/x")).status == 201)
    #expect(limited.waits.withLock { $0 } == [3])
  }

  @Test func `timeout ends with a code of its own`() async {
    let script = Script([.status(429, ["retry-after": "3600"])])
    let found = await failure(script.client(), UpstreamRequest("GET", "/x"))
    #expect(found?.code == .upstreamRateLimited)
    #expect(found?.message == "NPM at http://npm.test:81 gets too many requests; it asks us to wait 3600 s")
    #expect(script.urls.count == 1)
  }

  @Test(arguments: [
    (TransferError.Reason.resolve, DiagnosticCode.upstreamUnresolved, 3), (.refused, .upstreamRefused, 3),
    (.unreachable, .upstreamUnreachable, 3), (.timeout, .upstreamTimeout, 3), (.reset, .upstreamReset, 3),
    (.tls, .upstreamTLS, 1), (.tooLarge, .upstreamTooLarge, 1), (.notHTTP, .upstreamNotHTTP, 1),
    (.cancelled, .upstreamFailed, 1),
  ])
  func `each failure has its code`(reason: TransferError.Reason, code: DiagnosticCode, attempts: Int) async {
    let script = Script(Array(repeating: .error(reason), count: 3))
    #expect(await failure(script.client(), UpstreamRequest("GET", "/x"))?.code == code)
    #expect(script.urls.count == attempts)
  }

  @Test func `when the budget for retries is used up, calls fail at once`() async {
    let script = Script(Array(repeating: .status(429), count: 100))
    let client = script.client { $0.retry.budget = 3 }
    for _ in 1...3 { _ = await failure(client, UpstreamRequest("GET", "/x")) }
    #expect(script.urls.count == 3 + 3)
  }

  // MARK: The breaker

  @Test func `an upstream that is down is left alone until its time has come`() async throws {
    let script = Script(Array(repeating: .error(.refused), count: 5))
    let client = script.client { $0.retry.attempts = 1 }
    for _ in 1...5 { #expect(await failure(client, UpstreamRequest("GET", "/x"))?.code == .upstreamRefused) }
    script.time.withLock { $0 = 0.25 }
    let open = await failure(client, UpstreamRequest("GET", "/x"))
    #expect(open?.code == .upstreamBreakerOpen && open?.mayHaveBeenSent == false)
    #expect(open?.message == "NPM at http://npm.test:81 failed too often (last: refused); the next try is in 0.8 s")
    #expect(script.urls.count == 5)
    script.time.withLock { $0 = 1 }
    #expect(try await client.send(UpstreamRequest("GET", "/x")).status == 200)
  }

  @Test func `an answer that complains is an answer: the breaker stays closed`() async throws {
    let script = Script(Array(repeating: .status(500), count: 10))
    let client = script.client()
    for _ in 1...10 { #expect(try await client.send(UpstreamRequest("GET", "/x")).status == 500) }
  }

  // MARK: Redirects

  @Test func `a read follows to its own origin and to TLS on the same host`() async throws {
    let script = Script([.status(301, ["location": "/there"]), .status(302, ["location": "https://npm.test/here"])])
    #expect(try await script.client().send(UpstreamRequest("GET", "/x")).status == 200)
    #expect(script.urls == ["http://npm.test:81/x", "http://npm.test:81/there", "https://npm.test/here"])
  }

  @Test(arguments: [
    "http://elsewhere.test:81/", "http://npm.test:82/", "//elsewhere.test/x", "ftp://npm.test:81/x",
    "http://npm.test:81@elsewhere.test/", "http://user@npm.test:81/", "nonsense", "",
  ])
  func `nobody leads us elsewhere`(location: String) async {
    let script = Script([.status(302, ["location": location])])
    #expect(await failure(script.client(), UpstreamRequest("GET", "/x"))?.code == .upstreamNotAllowed)
    #expect(script.urls.count == 1)
  }

  @Test func `an origin on the allowlist is followed, but never from TLS to clear text`() async throws {
    let other = UpstreamOrigin(scheme: "http", host: "other.test", port: 80)
    let script = Script([.status(302, ["location": "http://other.test/"])])
    #expect(try await script.client { $0.allowedOrigins = [other] }.send(UpstreamRequest("GET", "/x")).status == 200)
    let secure = Script([.status(302, ["location": "http://other.test/"])])
    let client = secure.client("https://npm.test") { $0.allowedOrigins = [other] }
    #expect(await failure(client, UpstreamRequest("GET", "/x"))?.code == .upstreamNotAllowed)
  }

  @Test func `a write follows nowhere, and a circle ends`() async {
    let write = Script([.status(307, ["location": "/there"])])
    #expect(await failure(write.client(), UpstreamRequest("POST", "/x"))?.code == .upstreamRedirected)
    let circle = Script(Array(repeating: .status(302, ["location": "/x"]), count: 9))
    #expect(await failure(circle.client(), UpstreamRequest("GET", "/x"))?.code == .upstreamRedirected)
    #expect(circle.urls.count == 4)
  }

  // MARK: Requests and observations

  @Test func `each call carries its name, and headers stay headers`() async throws {
    let script = Script([])
    let client = script.client()
    var request = UpstreamRequest("GET", "/x")
    request.headers = [("X-User", "a\r\nX-Evil: 1\0"), ("Bad Name", "x"), ("X-Line\r\n", "x")]
    #expect(try await client.send(request).callID == "abc-1")
    let sent = script.asked.withLock { $0[0].headers.map { "\($0.name): \($0.value)" } }
    #expect(sent == ["X-User: aX-Evil: 1", "X-Request-ID: abc-1"])
    #expect(try await client.send(request).callID == "abc-2")
  }

  @Test func `one call is one observation, with phases, retries and bytes`() async throws {
    let script = Script([.status(502), .status(200)])
    _ = try await script.client().send(UpstreamRequest("GET", "/api/hosts/12/x?expand=1"))
    let seen = script.seen.withLock { $0 }
    #expect(seen.count == 1)
    #expect(seen[0].operation == "GET /api/hosts/{id}/x")
    #expect(seen[0].status == 200 && seen[0].failure == nil && seen[0].retries == 1)
    #expect(seen[0].firstByte == 0.3 && seen[0].bytesReceived == 6 && seen[0].callID == "abc-1")
    let broken = Script([.error(.tls)])
    _ = await failure(broken.client(), UpstreamRequest("GET", "/x"))
    #expect(broken.seen.withLock { $0.map(\.failure) } == [.tls])
  }

  // MARK: Over a real socket

  @Test func `a stall ends with the budget for the first byte, a drip with that for everything`() async throws {
    let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: SlowBackend())
    // Only one timeout is short in each case, so that a busy machine cannot end a call by the other one.
    let cases = [(path: "/stall", firstByte: 0.1, total: 20.0), (path: "/drip", firstByte: 20.0, total: 0.4)]
    for (path, firstByte, total) in cases {
      var configuration = UpstreamConfiguration(name: "NPM")
      configuration.retry.attempts = 1
      configuration.firstByteTimeout = firstByte
      configuration.readTimeout = total
      let url = "http://127.0.0.1:\(server.port)"
      let client = UpstreamClient(baseURL: url, configuration: configuration, transport: CurlEngine())
      let start = ContinuousClock.now
      #expect(await failure(client, UpstreamRequest("GET", path))?.code == .upstreamTimeout)
      #expect(ContinuousClock.now - start >= .seconds(min(firstByte, total)))
    }
    await server.stop()
  }
}

/// `/stall` responds only after the client has given up, `/drip` one byte at a time.
private struct SlowBackend: HTTPHandler {
  func respond(to request: HTTPRequest) async -> HTTPResponse {
    var response = HTTPResponse(status: 200, body: Array(repeating: 0x61, count: 100))
    if request.path == "/stall" {
      try? await Task.sleep(for: .seconds(1))  // the stall itself
    } else {
      response.delivery = .drip(pause: 0.05)
    }
    return response
  }
}
