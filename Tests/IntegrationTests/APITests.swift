import Curl
import Foundation
import Model
import Platform
import TestSupport
import Testing

/// The HTTP API of a running daemon: the real binary, asked over its Unix socket, which needs no port.
@Suite struct APITests {
  @Test func `what was applied is told as it is`() async throws {
    try await APIDaemon.with { npm, daemon in
      let app = try await daemon.json("/api/proxies/app")
      #expect(app["in_sync"] == true && app["managed"] == "ours" && app["id"] == 1 && app["reason"].isNull)
      #expect(app["spec"]["access_list"] == "lan" && app["source"]["line"] == 3)
      let lists = try await daemon.json("/api/access_lists")
      #expect(lists["items"].arrayValue?.first?["spec"]["items"].arrayValue?.first?["username"] == "dad")
      let all = try await daemon.json("/api/proxies/all")["items"].arrayValue ?? []
      #expect(all.map { $0["name"].stringValue } == ["hand.test", "app", "web"])
      #expect(all.first?["managed"] == "unmanaged" && all.first?["kind"] == "dead_host")
      var (paged, cursor): ([JSONValue], String?) = ([], "")
      while let after = cursor, paged.count < 10 {
        let page = try await daemon.json("/api/proxies/all?limit=1" + (after.isEmpty ? "" : "&cursor=\(after)"))
        paged += page["items"].arrayValue ?? []
        cursor = page["next"].stringValue
      }
      #expect(paged.map { $0["name"].stringValue } == all.map { $0["name"].stringValue })
      let pages = try await daemon.json("/api/proxies?limit=1")
      #expect(pages["items"].arrayValue?.count == 1 && pages["next"] == "app")
      let rest = try await daemon.json("/api/proxies?limit=1&cursor=app")
      #expect(rest["items"].arrayValue?.first?["name"] == "web" && rest["next"].isNull)
      let tag = try #require(try await daemon.ask("/api/proxies/app").headers["etag"])
      // What is changed in NPM is drift until it is repaired, and the tag of the host does not change.
      try await daemon.place.run("suspend", "--all", exits: 0)
      _ = try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/2", ["forward_port": 81])
      daemon.program.hangUp()
      try await until { try await daemon.json("/api/proxies/web")["sync"] == "drifted" }
      #expect(try await daemon.ask("/api/proxies/app").headers["etag"] == tag)
    }
  }

  /// Every route that is described is in the page, and answers as it is described.
  @Test func `the page, the description and what is served are one`() async throws {
    try await APIDaemon.with { _, daemon in
      let paths = try await daemon.json("/api/openapi.json")["paths"].objectValue ?? [:]
      let described = Set(
        paths.flatMap { path, methods in
          (methods.objectValue ?? [:]).keys.map { "\($0.uppercased()) \(path)" }
        })
      let page = String(decoding: try Files.read("\(Fixtures.project)/docs/api.md"), as: UTF8.self)
      let written = page.matches(of: /\n\| `((?:GET|POST|PUT|DELETE) [^`]+)` \|/).map { String($0.output.1) }
      #expect(Set(written) == described && written.count == described.count)
      let names = ["{name}": "app", "{number}": "1"]
      for path in paths.keys.sorted() where path != "/api/events/stream" && !paths[path]!["get"].isNull {
        let real = names.reduce(path) { $0.replacing($1.key, with: $1.value) }
        let other = try await daemon.ask(real, method: "PATCH")
        #expect(other.status == 405 && other.headers["allow"]?.contains("GET") == true, "\(real)")
        let answer = try await daemon.ask(real)
        let known = paths[path]?["get"]["responses"].objectValue ?? [:]
        #expect(known[String(answer.status)] != nil || [404, 503].contains(answer.status), "\(real): \(answer.status)")
        let type = answer.headers["content-type"] ?? ""
        if type.contains("json") {
          _ = try JSONDecoder().decode(JSONValue.self, from: Data(answer.body))
        }
        #expect(
          answer.headers["x-request-id"]?.isEmpty == false && answer.headers["x-content-type-options"] == "nosniff")
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(!text.contains("Quokka") && !text.contains("Q*"), "\(real)")
      }
    }
  }

  @Test func `a refusal has a code, and the id of its request`() async throws {
    try await APIDaemon.with { _, daemon in
      let cases: [(path: String, method: String, status: Int, code: String)] = [
        ("/api/nothing", "GET", 404, "api-not-found"), ("/api/proxies/nope", "GET", 404, "unknown-name"),
        ("/api/proxies", "DELETE", 405, "api-method"), ("/health?x=1", "GET", 400, "api-request"),
        ("/api/proxies?limit=0", "GET", 400, "api-request"), ("/api/events?severity=loud", "GET", 400, "api-request"),
        ("/api/events?after=-1", "GET", 400, "api-request"), ("/api/events?since=yesterday", "GET", 400, "api-request"),
        ("/api/proxies/%ff", "GET", 400, "api-request"), ("/api/runs/nine", "GET", 404, "unknown-run"),
        ("/api/badges/app.svg?metric=mood", "GET", 400, "api-request"),
      ]
      for (path, method, status, code) in cases {
        let answer = try await daemon.ask(path, [("X-Request-ID", "mine-1")], method: method)
        let body = try JSONDecoder().decode(JSONValue.self, from: Data(answer.body))
        #expect(answer.status == status && body["code"] == .string(code), "\(path): \(body)")
        #expect(body["correlation_id"] == "mine-1" && answer.headers["x-request-id"] == "mine-1")
        #expect(answer.headers["content-type"] == "application/problem+json")
      }
      #expect(try await daemon.ask("/api/proxies", method: "DELETE").headers["allow"] == "GET, HEAD, POST")
      let near = try await daemon.json("/api/proxies/apq")
      #expect(near["hint"] == "is it 'app'?")
    }
  }

  @Test func `a token is made, opens, and opens nothing after it was revoked`() async throws {
    try await APIDaemon.with { _, daemon in
      let made = try await daemon.place.run("token", "create", "ci", "-o", "json")
      let token = try #require(made.json["token"].stringValue)
      let bearer = [(name: "Authorization", value: "Bearer \(token)")]
      // The daemon may have read the tokens just before.
      try await until { try await daemon.ask("/api/plan", bearer).status == 200 }
      #expect(try await daemon.place.run("token", "list").output.contains("ci  read"))
      try await daemon.place.run("token", "create", "ci", exits: 1)
      for file in try Files.below("\(daemon.place.scratch.path)/.reconciler").files {
        #expect(!Files.holds(Array(token.utf8), in: try Files.read(file)), "\(file)")
      }
      try await daemon.place.run("token", "revoke", "ci", exits: 0)
      try await until { try await daemon.ask("/api/plan", bearer).status == 401 }
      try await daemon.place.run("token", "revoke", "ci", exits: 1)
      let events = try await daemon.json("/api/events?source=api")["items"].arrayValue ?? []
      #expect(events.map { $0["reason"] } == ["TokenCreated", "TokenRevoked"])
    }
  }

  @Test func `an order needs a token that may give it, and is carried out`() async throws {
    try await APIDaemon.with { npm, daemon in
      func token(_ role: String) async throws -> String {
        try await daemon.place.run("token", "create", role, "--role", role, "-o", "json").json["token"].stringValue
          ?? ""
      }
      let (reader, writer) = (try await token("read"), try await token("write"))
      let suspend = #"{"name": "app", "for": "2h", "reason": "update"}"#
      try await until { try await daemon.order("/api/suspend", "{}", token: writer).status == 422 }
      #expect(try await daemon.order("/api/suspend", suspend, token: nil).status == 401)
      #expect(try await daemon.order("/api/suspend", suspend, token: reader).status == 403)
      #expect(try await daemon.order("/api/suspend", suspend, token: writer, type: "text/plain").status == 415)
      for (body, status) in [
        ("[]", 400), ("{", 400), (#"{"name": "app", "na\u006de": "web"}"#, 400), (#"{"nam": "app"}"#, 422),
        (#"{"name": 7}"#, 422), (#"{"name": "apq"}"#, 404),
        (#"{"name": "app", "all": true}"#, 422), (#"{"name": "app", "for": "soon"}"#, 422),
      ] {
        let answer = try await daemon.order("/api/suspend", body, token: writer)
        #expect(answer.status == status, "\(body): \(answer)")
      }
      #expect(try await daemon.order("/api/suspend", suspend, token: writer).status == 200)
      #expect(try await daemon.place.run("suspend").output.contains("'app' until"))
      _ = try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/1", ["forward_port": 81])
      daemon.program.hangUp()
      try await until { try await daemon.json("/api/proxies/app")["sync"] == "drifted" }
      #expect(try await daemon.order("/api/resume", #"{"name": "app"}"#, token: writer).status == 200)
      try await until { try await daemon.json("/api/proxies/app")["in_sync"] == true }
      #expect(try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/1")["forward_port"] == 80)
      #expect(try await daemon.order("/api/resume", #"{"name": "app"}"#, token: writer).status == 409)
      let silence = try await daemon.order("/api/alerts/silences", #"{"match": "app", "for": "1h"}"#, token: writer)
      #expect(silence.status == 200 && silence.body["number"] == 1)
      let events = try await daemon.json("/api/events?source=suspend,alerts")["items"].arrayValue ?? []
      let orders = events.filter { $0["data"]["by"] == "write" }
      #expect(orders.map { $0["reason"] } == ["Suspended", "Resumed", "Silenced"])
    }
  }

  @Test func `the check of a container agrees`() async throws {
    try await APIDaemon.with { _, daemon in
      let listen = "unix:\(daemon.socket)"
      #expect(try await daemon.place.run("healthcheck", "--listen", listen).output == "ok\n")
      try await until { try await daemon.json("/health/all?max_age=1s")["items"].arrayValue?.count == 2 }
      #expect(try await daemon.json("/health/all")["counts"].objectValue?.count == 3)
      #expect(try await daemon.ask("/health/all?max_age=never").status == 400)
      let health = try await daemon.json("/health")
      #expect(health["ok"] == true && health["details"]["npm"]["ok"] == true)
      try await daemon.place.run("healthcheck", "--listen", "unix:/nowhere/api.sock", exits: 1)
      try await daemon.place.run("healthcheck", exits: 3)
    }
  }

  @Test func `Prometheus takes the metrics in both formats`() async throws {
    let promtool = try OutsideProgram.path("promtool")
    try await APIDaemon.with { _, daemon in
      let plain = try await daemon.ask("/metrics")
      #expect(plain.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
      let text = String(decoding: plain.body, as: UTF8.self)
      for name in [
        "service_up 1", "http_requests_total{", "http_request_duration_seconds_bucket{", "process_start_time_seconds ",
      ] {
        #expect(text.contains(name), "\(name)")
      }
      try daemon.place.scratch.write("metrics.txt", text)
      let judged = try await ProgramRun.run(
        ["-c", "\(promtool) check metrics < metrics.txt"], in: daemon.place.scratch.path, program: "/bin/sh")
      #expect(judged.exit == 0, "\(judged.output)\(judged.errors)")
      let open = try await daemon.ask("/metrics", [("Accept", "application/openmetrics-text; version=1.0.0")])
      let lines = String(decoding: open.body, as: UTF8.self)
      #expect(open.headers["content-type"]?.hasPrefix("application/openmetrics-text") == true)
      #expect(lines.hasSuffix("# EOF\n") && lines.contains("# TYPE http_requests counter\n"))
    }
  }

  /// Reads a stream until an event of this reason; returns the numbers in their order.
  private func read(_ socket: String, after: Int, until reason: String) throws -> [Int] {
    let connection = try RawConnection(.unix(path: socket))
    defer { connection.close() }
    connection.send("GET /api/events/stream HTTP/1.0\r\nHost: localhost\r\nLast-Event-ID: \(after)\r\n\r\n")
    var text = ""
    while let part = connection.receive(), !part.isEmpty {
      text += part
      if text.contains("event: \(reason)\n"), text.hasSuffix("\n\n") { break }
    }
    return text.split(separator: "\n").compactMap { $0.hasPrefix("id: ") ? Int($0.dropFirst(4)) : nil }
  }

  @Test func `a stream resumes after the daemon was killed, with nothing missed or told twice`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("app", "app.test")
      var seen: [Int] = []
      for round in 1...6 {
        let daemon = try await APIDaemon(place)
        let last = seen.last ?? 0
        async let found = BlockingPool.files.run { try read(daemon.socket, after: last, until: "TokenCreated") }
        try await place.run("token", "create", "round-\(round)", exits: 0)
        seen += try await found
        daemon.program.killHard()
        _ = await daemon.program.result()
      }
      let events = try await place.run("events", "--limit", "1000", "-o", "json").json["events"].arrayValue ?? []
      let numbers = events.compactMap { $0["number"].intValue }
      #expect(seen == numbers.filter { $0 <= seen.last ?? 0 })
      #expect(seen.count >= 6)
    }
  }

  @Test func `an address that is taken ends the daemon with an error`() async throws {
    try await APIDaemon.with { npm, daemon in
      let other = try Workplace(npm)
      try other.desire("x", "x.test")
      let run = try await other.run("watch", "--listen", "unix:\(daemon.socket)")
      #expect(run.exit == 1 && run.errors.contains("[listen-failed]"), "\(run.errors)")
      try await other.run("watch", "--listen", "nowhere", exits: 3)
    }
  }
}
