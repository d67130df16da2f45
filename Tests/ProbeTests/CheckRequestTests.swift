import Curl
import HTTPServer
import Model
import Platform
import Probe
import TestSupport
import Testing

/// The request of a check, and the responses that it accepts.
@Suite struct CheckRequestTests {
  /// Answers with a JSON text and records its requests.
  private final class Listener: HTTPHandler {
    let asked = Lock<[HTTPRequest]>([])
    let body: String

    init(_ body: String = "{}") { self.body = body }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
      asked.withLock { $0.append(request) }
      return HTTPResponse(status: 200, body: Array(body.utf8))
    }
  }

  private func probe(
    _ listener: Listener, domain: String? = nil, path: String = "/",
    _ change: (inout HealthCheckSpec) -> Void = { _ in }
  ) async throws -> ProbeResult {
    let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: listener)
    var settings = ProbeSettings()
    settings.tcpTimeout = 60
    settings.httpTimeout = 60
    var expectation = HealthCheckSpec()
    change(&expectation)
    let target = ProbeTarget(
      name: "x", scheme: "http", host: "127.0.0.1", port: server.port, path: path, domain: domain,
      check: expectation)
    let result = await Prober(settings: settings, engine: CurlEngine()).probe(target)
    await server.stop()
    return result
  }

  @Test func `it asks for the host's domain, with the method and headers that were wanted`() async throws {
    let listener = Listener()
    let result = try await probe(listener, domain: "app.test", path: "/status?full=1") { wish in
      wish.method = "HEAD"
      wish.headers = [CheckHeader("X-Token", Secret("t"))]
    }
    #expect(result.isOK)
    let asked = try #require(listener.asked.withLock { $0.first })
    #expect(asked.method == "HEAD")
    #expect(asked.headers["host"] == "app.test")
    #expect(asked.headers["x-token"] == "t")
    #expect(asked.path == "/status")
    #expect(asked.query == "full=1")
  }

  @Test(arguments: ["@evil.test/", "a", "/a b", "/a\r\nX: y", "/a#b"])
  func `a path that is none is never asked for`(path: String) async throws {
    let listener = Listener()
    let result = try await probe(listener, path: path)
    #expect(!result.isOK)
    #expect(listener.asked.withLock { $0.isEmpty })
  }

  @Test(arguments: [
    ("{}", "'gone' is missing"), (#"{"gone": 1}"#, "'gone' is 1, not null"), (#"{"gone": null}"#, nil),
  ])
  func `a member that is to be null must be there`(body: String, problem: String?) async throws {
    let result = try await probe(Listener(body)) { $0.json = ["gone": nil] }
    #expect(result.failure?.error == problem)
  }

  @Test func `an answer longer than what is read is no bad JSON`() async throws {
    let long = #"{"status":"ok","fill":""# + String(repeating: "x", count: 1 << 20) + #""}"#
    #expect(try await probe(Listener(long)) { $0.json = ["status": "ok"] }.isOK)
    let longer = #"{"status":"ok","fill":""# + String(repeating: "x", count: 4 << 20) + #""}"#
    let result = try await probe(Listener(longer)) { $0.json = ["status": "ok"] }
    #expect(result.failure?.error == "the answer has more than 4 MiB")
  }

  @Test(arguments: [
    ("200-299,401", [200, 299, 401], [300, 400, 402, 199]), ("204", [204], [200, 205]),
    ("100-499", [100, 499], [500]),
  ])
  func `status codes are lists of ranges`(text: String, good: [Int], bad: [Int]) throws {
    let set = try #require(StatusSet(text))
    #expect(good.allSatisfy(set.contains))
    #expect(!bad.contains(where: set.contains))
  }

  @Test(arguments: ["", ",", "200,", "2xx", "300-200", "99", "600", "200-", "-200", "+200", "200 - 299"])
  func `what is no status code is none`(text: String) { #expect(StatusSet(text) == nil) }
}
