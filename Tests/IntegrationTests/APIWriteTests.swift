import Curl
import Foundation
import Model
import Platform
import TestSupport
import Testing

/// Writes through the API: what the files, NPM and the answer say of them.
@Suite struct APIWriteTests {
  private func text(_ value: JSONValue) -> String { JSONOutput.line(value) }

  @Test func `a host is made, changed and removed, in the files and in NPM`() async throws {
    try await APIDaemon.with(Self.local) { npm, daemon in
      let writer = try await daemon.token("write")
      let scratch = daemon.place.scratch
      try await daemon.allowUnchecked()
      let body = #"{"name": "new", "domain_names": ["new.test"], "forward": "http://10.9.8.7:80"}"#
      let created = try await daemon.order("/api/proxies", body, token: writer, [("X-Request-ID", "made-by-test")])
      #expect(created.status == 201 && created.headers["location"] == "/api/proxies/new", "\(created)")
      #expect(created.body["change"]["outcome"] == "applied" && created.body["in_sync"] == true, "\(created.body)")
      let id = created.body["id"].intValue ?? 0
      #expect(try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/\(id)")["forward_host"] == "10.9.8.7")
      #expect(try scratch.read("desired/api/new.yaml").contains("forward: http://10.9.8.7:80"))
      let read = try await daemon.ask("/api/proxies/new")
      #expect(read.headers["etag"] == created.headers["etag"] && read.headers["etag"] != nil)
      let events = try await daemon.json("/api/events?subject=proxy_host/new")["items"].arrayValue ?? []
      #expect(Set(events.map { $0["correlation_id"] }) == ["made-by-test"], "\(events)")

      let spec = try await daemon.json("/api/proxies/new")["spec"].objectValue ?? [:]
      let wanted = spec.merging(["forward_port": 81]) { $1 }
      let etag = read.headers["etag"] ?? ""
      let put = try await daemon.order(
        "/api/proxies/new", text(.object(wanted)), token: writer, method: "PUT", [("If-Match", etag)])
      #expect(put.status == 200 && put.body["change"]["outcome"] == "applied", "\(put)")
      #expect(try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/\(id)")["forward_port"] == 81)
      let late = try await daemon.order(
        "/api/proxies/new", text(.object(spec)), token: writer, method: "PUT", [("If-Match", etag)])
      #expect(late.status == 412 && late.body["code"] == "api-precondition")
      #expect(late.headers["etag"] == put.headers["etag"])

      let gone = try await daemon.order("/api/proxies/new", token: writer, method: "DELETE")
      #expect(gone.status == 200 && gone.body["change"]["outcome"] == "applied", "\(gone)")
      #expect(!Files.exists("\(scratch.path)/desired/api/new.yaml"))
      #expect(try await npm.hosts().allSatisfy { $0["id"] != .int(id) || $0["is_deleted"] == 1 })
      #expect(try await daemon.ask("/api/proxies/new").status == 404)
      #expect(try await daemon.order("/api/proxies/new", token: writer, method: "DELETE").status == 404)
    }
  }

  /// The texts of all desired files.
  static func desired(_ daemon: APIDaemon) throws -> [String: String] {
    let files = try Files.below("\(daemon.place.scratch.path)/desired").files
    return Dictionary(
      uniqueKeysWithValues: try files.map { ($0, String(decoding: try Files.read($0), as: UTF8.self)) })
  }

  static let local = "api: { allowed_destinations: [127.0.0.0/8, 10.0.0.0/8], rate_limit: 0 }\npolicy: sync\n"

  /// Each with what its answer must be; the files and NPM stay as they are.
  @Test func `what is refused leaves the files as they are`() async throws {
    try await APIDaemon.with(Self.local) { npm, daemon in
      let (writer, admin, reader) = (
        try await daemon.token("write"), try await daemon.token("admin"), try await daemon.token("read")
      )
      try daemon.place.scratch.write(
        "desired/kept.yaml",
        "proxy_hosts:\n  kept: { domain_names: [kept.test], forward: \"http://127.0.0.1:80\", validate: off, protect: true }\n"
      )
      daemon.program.hangUp()
      try await until { try await daemon.ask("/api/proxies/kept").status == 200 }
      let before = try Self.desired(daemon)
      let writes = try await npm.writes().count
      let new = #""name": "new", "domain_names": ["new.test"]"#
      let port = try reservedPort()
      for (method, path, body, token, status, code) in [
        ("POST", "", #"{\#(new), "forward": "http://127.0.0.1:80"}"#, nil, 401, "api-unauthorized"),
        ("POST", "", #"{\#(new), "forward": "http://127.0.0.1:80"}"#, reader, 403, "api-forbidden"),
        ("DELETE", "/app", "", reader, 403, "api-forbidden"),
        ("POST", "", #"{\#(new), "forward": "http://127.0.0.1:\#(port)"}"#, writer, 422, "destination-failed"),
        ("POST", "", #"{\#(new), "forward": "http://127.0.0.1:80", "surprise": 1}"#, writer, 422, "unknown-key"),
        ("POST", "", #"{\#(new)}"#, writer, 422, "missing-key"),
        ("POST", "", #"{"domain_names": ["new.test"]}"#, writer, 422, "missing-key"),
        ("POST", "", #"{"name": "all", "domain_names": ["new.test"]}"#, writer, 422, "bad-name"),
        ("POST", "", #"{"name": "../x", "domain_names": ["new.test"]}"#, writer, 422, "bad-name"),
        (
          "POST", "", #"{"name": "app", "domain_names": ["new.test"], "forward": "http://127.0.0.1:80"}"#, writer, 409,
          "name-taken"
        ),
        (
          "POST", "", #"{"name": "new", "domain_names": ["web.test"], "forward": "http://127.0.0.1:80"}"#, writer, 409,
          "duplicate-domain"
        ),
        (
          "POST", "", #"{"name": "new", "domain_names": ["hand.test"], "forward": "http://127.0.0.1:80"}"#, writer, 409,
          "duplicate-domain"
        ),
        (
          "POST", "", #"{"name": "new", "domain_names": ["not a domain"], "forward": "http://127.0.0.1:80"}"#, writer,
          422, "bad-domain"
        ),
        (
          "POST", "", #"{\#(new), "forward": "http://127.0.0.1:80", "certificate": "none such"}"#, writer, 422,
          "unknown-reference"
        ),
        ("POST", "", #"{\#(new), "forward": "http://127.0.0.1:80", "validate": "off"}"#, writer, 403, "api-forbidden"),
        ("POST", "", #"{\#(new), "forward": "http://127.0.0.1:80", "protect": true}"#, writer, 403, "api-forbidden"),
        (
          "POST", "", #"{\#(new), "forward": "http://127.0.0.1:80", "on_delete": "orphan"}"#, writer, 403,
          "api-forbidden"
        ),
        (
          "POST", "", #"{\#(new), "forward": "http://127.0.0.1:80", "advanced_config": "a;"}"#, writer, 403,
          "api-forbidden"
        ),
        (
          "POST", "", #"{\#(new), "forward": "http://127.0.0.1:80", "health": {"headers": {"X": "y"}}}"#, writer, 403,
          "api-forbidden"
        ),
        (
          "POST", "",
          #"{\#(new), "forward": "http://127.0.0.1:80", "locations": [{"path": "/a", "forward": "http://127.0.0.1:80", "advanced_config": "a;"}]}"#,
          writer, 403, "api-forbidden"
        ),
        ("POST", "", #"{\#(new), "forward": "http://169.254.169.254:80"}"#, admin, 422, "destination-not-allowed"),
        (
          "POST", "", #"{\#(new), "forward": "http://[::ffff:169.254.169.254]:80", "validate": "off"}"#, admin, 422,
          "destination-not-allowed"
        ),
        (
          "POST", "", #"{\#(new), "forward": "http://8.8.8.8:80", "validate": "off"}"#, admin, 422,
          "destination-not-allowed"
        ),
        (
          "POST", "",
          #"{\#(new), "forward": "http://127.0.0.1:80", "locations": [{"path": "/a", "forward": "http://169.254.1.1:80"}]}"#,
          writer, 422, "destination-not-allowed"
        ),
        (
          "PUT", "/kept", #"{"domain_names": ["kept.test"], "forward": "http://127.0.0.1:80"}"#, writer, 403,
          "api-forbidden"
        ),
        ("PUT", "/app", #"{"name": "web", "domain_names": ["app.test"]}"#, writer, 422, "bad-name"),
        (
          "PUT", "/apq", #"{"domain_names": ["app.test"], "forward": "http://127.0.0.1:80"}"#, writer, 404,
          "unknown-name"
        ),
        ("DELETE", "/kept", "", admin, 403, "refused-by-safety"),
        (
          "PUT", "/app?message=" + String(repeating: "x", count: 201) + "",
          #"{"domain_names": ["app.test"], "forward": "http://127.0.0.1:80"}"#, writer,
          422, "bad-value"
        ),
        (
          "PUT", "/app?dry_run=yes", #"{"domain_names": ["app.test"], "forward": "http://127.0.0.1:80"}"#, writer, 400,
          "api-request"
        ),
      ] {
        let answer = try await daemon.order("/api/proxies\(path)", body, token: token, method: method)
        #expect(
          answer.status == status && answer.body["code"] == .string(code),
          "\(method) \(path) \(body): \(answer.status) \(answer.body)")
      }
      let list = #"{"name": "guests", "items": [{"username": "a", "password": {"env": "WORD"}}]}"#
      #expect(try await daemon.order("/api/access_lists", list, token: writer).body["code"] == "api-forbidden")
      let literal = #"{"name": "guests", "items": [{"username": "a", "password": "Quokka-two"}]}"#
      let refused = try await daemon.order("/api/access_lists", literal, token: admin)
      #expect(refused.body["code"] == "secret-literal" && !"\(refused)".contains("Quokka"), "\(refused)")
      #expect(try await daemon.order("/api/access_lists/lan", token: writer, method: "DELETE").status == 409)
      #expect(try Self.desired(daemon) == before)
      #expect(try await npm.writes().count == writes)
    }
  }

  @Test func `a new host gets its certificate as the settings say`() async throws {
    try await APIDaemon.with("policy: sync\ncertificates: { default: wild }\n") { npm, daemon in
      let writer = try await daemon.token("write")
      try await daemon.allowUnchecked()
      let made = try TestCertificate.make(names: ["*.new.test"], days: 10_000)
      try daemon.place.scratch.write("keys/wild.pem", made.certificate)
      try daemon.place.scratch.write("keys/wild.key", made.key)
      try daemon.place.scratch.write(
        "desired/wild.yaml",
        "certificates:\n  wild: { certificate: { file: ../keys/wild.pem }, certificate_key: { file: ../keys/wild.key } }\n"
      )
      try await until { try await daemon.ask("/api/certificates/wild").status == 200 }
      let host = #"{"name": "new", "domain_names": ["a.new.test"], "forward": "http://10.0.0.1:80"}"#
      let answer = try await daemon.order("/api/proxies", host, token: writer)
      #expect(answer.status == 201 && answer.body["spec"]["certificate"] == "auto", "\(answer)")
      let id = answer.body["id"].intValue ?? 0
      #expect(try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/\(id)")["certificate_id"] == 1)
    }
  }

  @Test func `a dry run answers with the plan, and does nothing`() async throws {
    try await APIDaemon.with(Self.local) { npm, daemon in
      let writer = try await daemon.token("write")
      try await daemon.allowUnchecked()
      let before = try Self.desired(daemon)
      let body = #"{"name": "new", "domain_names": ["new.test"], "forward": "http://127.0.0.1:80"}"#
      let plan = try await daemon.order("/api/proxies?dry_run=true", body, token: writer)
      #expect(plan.status == 200 && plan.body["changes"].arrayValue?.map { $0["action"] } == ["create"], "\(plan)")
      let removal = try await daemon.order("/api/proxies/web?dry_run=true", token: writer, method: "DELETE")
      #expect(removal.body["changes"].arrayValue?.map { $0["action"] } == ["delete"], "\(removal)")
      #expect(try Self.desired(daemon) == before)
    }
  }

  @Test func `a change in place keeps what people wrote`() async throws {
    try await APIDaemon.with(Self.local) { npm, daemon in
      let writer = try await daemon.token("write")
      let old = try daemon.place.scratch.read("desired/a.yaml")
      let spec = try await daemon.json("/api/proxies/app")["spec"].objectValue ?? [:]
      let put = try await daemon.order(
        "/api/proxies/app", text(.object(spec.merging(["caching_enabled": true]) { $1 })), token: writer, method: "PUT")
      #expect(put.status == 200 && put.body["change"]["outcome"] == "applied", "\(put)")
      #expect(
        try daemon.place.scratch.read("desired/a.yaml")
          == old.replacing("access_list: lan }", with: "access_list: lan, caching_enabled: true }"))
      #expect(try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/1")["access_list_id"] == 1)
      _ = try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/2", ["forward_port": 8080])
      let accepted = try await daemon.order("/api/proxies/web/accept", token: writer)
      #expect(
        accepted.status == 200 && ["applied", "unchanged"].contains(accepted.body["change"]["outcome"]), "\(accepted)")
      #expect(try daemon.place.scratch.read("desired/a.yaml").contains("http://127.0.0.1:8080"))
      #expect(try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/2")["forward_port"] == 8080)
      #expect(try await daemon.order("/api/proxies/web/accept", token: writer).body["code"] == "not-acceptable")
    }
  }

  @Test func `every accepted write of many writers is in the file, in order`() async throws {
    try await APIDaemon.with(Self.local) { npm, daemon in
      let writer = try await daemon.token("write")
      try await daemon.allowUnchecked()
      let accepted = Lock<[(etag: String, port: Int)]>([])
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writerNumber in 1...50 {
          group.addTask {
            for attempt in 0..<200 {
              let now = try await daemon.ask("/api/proxies/web")
              let etag = now.headers["etag"] ?? ""
              let body = (try? JSONDecoder().decode(JSONValue.self, from: Data(now.body))) ?? .null
              let port = 1000 + writerNumber
              let labels = body["spec"]["labels"].objectValue ?? [:]
              let wanted = (body["spec"].objectValue ?? [:]).merging([
                "forward_port": .int(port), "labels": .object(labels.merging(["w\(port)": "yes"]) { $1 }),
              ]) { $1 }
              let put = try await daemon.order(
                "/api/proxies/web", JSONOutput.line(JSONValue.object(wanted)), token: writer, method: "PUT",
                [("If-Match", etag)])
              if put.status == 200 { return accepted.withLock { $0.append((etag, port)) } }
              #expect([412, 503].contains(put.status), "\(attempt): \(put)")
              try await Task.sleep(for: .milliseconds(Int.random(in: 1...100)))  // as a client that lost does
            }
            Issue.record("writer \(writerNumber) never got its turn")
          }
        }
        try await group.waitForAll()
      }
      let won = accepted.withLock { $0 }
      #expect(won.count == 50 && Set(won.map(\.etag)).count == 50)
      // Each saw the labels of all before it: one that was lost would be missing.
      let file = try daemon.place.scratch.read("desired/a.yaml")
      for port in 1001...1050 { #expect(file.contains("w\(port): "), "\(port)") }
      let last = try await daemon.json("/api/proxies/web")["spec"]["forward_port"]
      try await until { try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/2")["forward_port"] == last }
    }
  }

  @Test(arguments: [true, false]) func `a write to a repository is a commit, or the patch of one`(pushes: Bool)
    async throws
  {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      let repository = try await GitSourceTests.Repository(place.scratch)
      try await repository.commit("Begin")
      try await repository.git("config", "receive.denyCurrentBranch", "updateInstead")
      try place.scratch.write(
        "reconciler.yaml",
        """
        policy: sync
        source: { git: "\(repository.path)", interval: 1s, push: \(pushes) }
        """)
      let daemon = try await APIDaemon(place)
      let writer = try await daemon.token("write")
      let spec = try await daemon.json("/api/proxies/app")["spec"].objectValue ?? [:]
      let body = text(.object(spec.merging(["forward_host": "10.0.0.9"]) { $1 }))
      let put = try await daemon.order("/api/proxies/app?message=Move%20it", body, token: writer, method: "PUT")
      let log = ["log", "-1", "--format=%an|%s"]
      if pushes {
        #expect(put.status == 200 && put.body["change"]["outcome"] == "applied", "\(put)")
        #expect(try await repository.git(log[0], log[1], log[2]) == "write-token|[api] Move it")
        #expect(try await npm.hosts().first?["forward_host"] == "10.0.0.9")
        #expect(put.body["source"]["file"] == "desired/app.yaml")
        // What others push meanwhile is kept.
        try await repository.commit("Other", text: try place.scratch.read("repository/desired/app.yaml") + "# theirs\n")
        let gone = try await daemon.order("/api/proxies/app?dry_run=true", token: writer, method: "DELETE")
        #expect(gone.status == 403 && gone.body["code"] == "refused-by-safety", "\(gone)")
        let new = #"{"name": "new", "domain_names": ["new.test"], "forward": "http://10.0.0.9:80"}"#
        let admin = try await daemon.token("admin")
        let made = try await daemon.order(
          "/api/proxies", new.replacing("}", with: #", "validate": "off"}"#), token: admin)
        #expect(made.status == 201, "\(made)")
        #expect(try await repository.git("show", "HEAD:desired/app.yaml").hasSuffix("# theirs"))
        #expect(try await repository.git("show", "HEAD:desired/api/new.yaml").contains("new.test"))
      } else {
        #expect(put.status == 409 && put.body["code"] == "source-read-only", "\(put)")
        #expect(try await repository.git(log[0], log[1], log[2]) == "Ada|Begin")
        try place.scratch.write("a.patch", put.body["patch"].stringValue ?? "")
        try await repository.git("am", "--quiet", "--keep-non-patch", "\(place.scratch.path)/a.patch")
        #expect(try await repository.git(log[0], log[1], log[2]) == "write-token|[api] Move it")
        try await until { try await npm.hosts().first?["forward_host"] == "10.0.0.9" }
      }
      await daemon.stop()
    }
  }
}
