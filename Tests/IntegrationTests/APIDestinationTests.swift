import Curl
import Foundation
import HTTPServer
import Model
import Platform
import TestSupport
import Testing

/// Where the API may lead, and what it asks on the way.
@Suite struct APIDestinationTests {
  @Test func `a host is validated without anything that stays`() async throws {
    try await APIDaemon.with(APIWriteTests.local) { npm, daemon in
      let (writer, reader) = (try await daemon.token("write"), try await daemon.token("read"))
      let before = try APIWriteTests.desired(daemon)
      try await withBackend { port in
        func validate(_ fields: String, token: String? = nil) async throws -> APIDaemon.Answer {
          try await daemon.order("/api/proxies/validate", "{\(fields)}", token: token ?? reader)
        }
        let good = try await validate(#""domain_names": ["n.test"], "forward": "http://127.0.0.1:\#(port)""#)
        #expect(good.status == 200 && good.body["ok"] == true, "\(good)")
        #expect(good.body["destinations"].arrayValue?.first?["ok"] == true)
        let taken = try await validate(#""domain_names": ["hand.test"], "forward": "http://127.0.0.1:\#(port)""#)
        #expect(
          taken.body["ok"] == false && taken.body["diagnostics"].arrayValue?.first?["code"] == "domain-taken",
          "\(taken)")
        let bad = try await validate(#""domain_names": ["no domain"], "forward": "http://127.0.0.1:\#(port)""#)
        #expect(bad.status == 200 && bad.body["diagnostics"].arrayValue?.first?["code"] == "bad-domain", "\(bad)")
        let meta = try await validate(#""domain_names": ["n.test"], "forward": "http://169.254.169.254:80""#)
        #expect(
          meta.body["ok"] == false && meta.body["diagnostics"].arrayValue?.first?["code"] == "destination-not-allowed")
        #expect(try await validate(#""domains": ["n.test"]"#).status == 422)
        #expect(
          try await validate(
            #""domain_names": ["n.test"], "health": {"headers": {"X": {"env": "HOME"}}}"#, token: writer
          ).status == 403)
      }
      #expect(try APIWriteTests.desired(daemon) == before)
    }
  }

  /// Leads everyone on to another place.
  private struct Guide: HTTPHandler {
    let place: Int
    func respond(to request: HTTPRequest) async -> HTTPResponse {
      HTTPResponse(status: 302, headers: [("Location", "http://127.0.0.1:\(place)/secret")])
    }
  }

  /// Counts who came.
  private struct Counter: HTTPHandler {
    let visitors = Lock(0)
    func respond(to request: HTTPRequest) async -> HTTPResponse {
      visitors.withLock { $0 += 1 }
      return HTTPResponse(status: 200)
    }
  }

  @Test func `neither a name nor a redirect leads where the API may not`() async throws {
    // This machine's own address is allowed by its number only: what it leads to is not followed.
    let counter = Counter()
    let secret = try HTTPServer(address: "127.0.0.1", port: 0, handler: counter)
    let guide = try HTTPServer(address: "127.0.0.1", port: 0, handler: Guide(place: secret.port))
    try await APIDaemon.with(APIWriteTests.local) { _, daemon in
      let writer = try await daemon.token("write")
      func body(_ forward: String) -> String {
        #"{"name": "new", "domain_names": ["new.test"], "forward": "\#(forward)"}"#
      }
      let led = try await daemon.order(
        "/api/proxies/validate", body("http://127.0.0.1:\(guide.port)"), token: writer)
      #expect(led.body["ok"] == true, "\(led)")
      #expect(
        try await daemon.order("/api/proxies", body("http://127.0.0.1:\(guide.port)"), token: writer).status == 201)
      _ = try await daemon.json("/health/all?max_age=1s")
      #expect(counter.visitors.withLock { $0 } == 0)
    }
    try await APIDaemon.with { _, daemon in
      let writer = try await daemon.token("admin")
      for place in ["localhost", "127.1", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]"] {
        let answer = try await daemon.order(
          "/api/proxies",
          #"{"name": "new", "domain_names": ["new.test"], "forward_scheme": "http", "forward_host": "\#(place)", "forward_port": \#(secret.port), "validate": "off"}"#,
          token: writer)
        #expect(answer.status == 422, "\(place): \(answer.status) \(answer.body)")
      }
      #expect(counter.visitors.withLock { $0 } == 0)
    }
    await guide.stop()
    await secret.stop()
  }

  /// Answers when it is told to.
  private struct Mute: HTTPHandler {
    let asked = Lock(0)
    let end = ShutdownSignal()
    func respond(to request: HTTPRequest) async -> HTTPResponse {
      asked.withLock { $0 += 1 }
      await end.wait()
      return HTTPResponse(status: 200)
    }
  }

  @Test func `whoever validates holds up no write`() async throws {
    let mute = Mute()
    let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: mute)
    try await APIDaemon.with(APIWriteTests.local + "probe: { http_timeout: 60s }\n") { _, daemon in
      let writer = try await daemon.token("write")
      try await daemon.allowUnchecked()
      let isOver = Lock(false)
      async let slow = {
        let answer = try await daemon.order(
          "/api/proxies/validate", #"{"domain_names": ["v.test"], "forward": "http://127.0.0.1:\#(server.port)"}"#,
          token: writer)
        isOver.withLock { $0 = true }
        return answer
      }()
      try await until { mute.asked.withLock { $0 > 0 } }
      let body = #"{"name": "new", "domain_names": ["new.test"], "forward": "http://10.0.0.1:80"}"#
      #expect(try await daemon.order("/api/proxies", body, token: writer).status == 201)
      #expect(!isOver.withLock { $0 })
      mute.end.request()
      #expect(try await slow.body["ok"] == true)
    }
    await server.stop()
  }
}
