import Foundation
import Model
import TestSupport
import Testing

/// Side effects of a real NPM, and the state that is served after our runs: the real binary, and the configuration of
/// the running nginx.
@Suite struct BehindOurBackTests {
  private static let lists = "access_lists: { lan: { items: [{ username: u, password: { env: PW } }] } }\n"

  private func place(_ npm: SimulatedNPM) throws -> Workplace {
    var place = try Workplace(npm)
    place.variables = ["PW": "secret-word"]
    return place
  }

  private func guarded(_ more: String = "") -> String {
    Self.lists + """
      proxy_hosts:
        app: { domain_names: [app.test], forward: 'http://127.0.0.1', access_list: lan, validate: off\(more) }

      """
  }

  private func list(of domain: String, _ npm: SimulatedNPM) async throws -> JSONValue {
    try await npm.served()[domain]?["access_list_id"] ?? .null
  }

  // MARK: Enabling

  @Test(arguments: SimulatedNPM.versions)
  func `a guarded host that is switched on again is served with its list`(version: String) async throws {
    try await withSimulator(version) { npm in
      let place = try place(npm)
      try place.scratch.write("desired/a.yaml", guarded())
      try await place.run("apply", "--yes", exits: 0)
      try place.scratch.write("desired/a.yaml", guarded(", enabled: false"))
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await npm.served()["app.test"] == nil)
      try place.scratch.write("desired/a.yaml", guarded())
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      #expect(try await list(of: "app.test", npm) == 1)
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  /// An administrator may read the audit log; other accounts see only the time of the last change.
  @Test(arguments: [true, false])
  func `a guarded host that somebody switched on in NPM is drift, and is guarded again`(isAdmin: Bool) async throws {
    try await withSimulator { npm in
      var place = try place(npm)
      if !isAdmin { place.variables["NPM_IDENTITY"] = try await npm.addManager() }
      try place.scratch.write("desired/a.yaml", guarded())
      try await place.run("apply", "--yes", exits: 0)
      try await place.run("diff", "--exit-code", exits: 0)
      if !isAdmin { npm.advance(2) }
      try await npm.switchOffAndOn(1)
      #expect(try await list(of: "app.test", npm) == 0, "the simulator opens it, as NPM does")
      let diff = try await place.run("diff", "--exit-code", "-o", "json")
      #expect(diff.exit == 2)
      let change = diff.json["changes"].arrayValue?.first ?? .null
      #expect(change["cause"] == "drifted" && change["fields"].arrayValue?.first?["path"] == "access_list_enforced")
      #expect(change["fields"].arrayValue?.first?["before"] == (isAdmin ? false : "unknown"))
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      #expect(try await list(of: "app.test", npm) == 1)
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `a host that is open is an alert at once, and a policy that only looks leaves it so`() async throws {
    try await withSimulator { npm in
      let place = try place(npm)
      try place.scratch.write("desired/a.yaml", guarded())
      try place.scratch.write(
        "reconciler.yaml",
        """
        watch: { interval: 1h, self_heal: false }
        health: { interval: 1h }
        alerts: { sinks: [{ name: log, type: log }] }
        """)
      try await place.run("apply", "--yes", exits: 0)
      try await npm.switchOffAndOn(1)
      let daemon = try place.start("watch")
      await daemon.says("CRITICAL: served without its access list")
      let shown = try await place.run("alerts", "-o", "json").json["alerts"]
      #expect(shown.arrayValue?.first?["rule"] == "guard-open" && shown.arrayValue?.first?["severity"] == "critical")
      #expect(try await list(of: "app.test", npm) == 0)
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
    }
  }

  // MARK: 404 hosts

  private func dead(_ domain: String, _ more: String = "") -> String {
    "dead_hosts:\n  gone: { domain_names: [\(domain)], certificate: tls, ssl_forced: true\(more) }\n"
  }

  @Test(arguments: SimulatedNPM.versions)
  func `a changed 404 host is served with its new names and its certificate`(version: String) async throws {
    try await withSimulator(version) { npm in
      let place = try place(npm)
      let made = try TestCertificate.make(names: ["a.test", "b.test"], days: 9999)
      try await npm.asAdmin("POST", "/api/nginx/certificates", ["provider": "other", "nice_name": "tls"])
      try await npm.upload(made, to: 1)
      try place.scratch.write("desired/a.yaml", dead("a.test"))
      try await place.run("apply", "--yes", exits: 0)
      try place.scratch.write("desired/a.yaml", dead("b.test"))
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      let served = try await npm.served()
      #expect(served["a.test"] == nil && served["b.test"]?["certificate_id"] == 1)
      #expect(served["b.test"]?["ssl_forced"] == true)
      try place.scratch.write("desired/a.yaml", dead("b.test", ", advanced_config: nonsense on;"))
      try await place.run("apply", "--yes", exits: 5)
      #expect(try await npm.served()["b.test"]?["certificate_id"] == 1, "the former one is back")
      try place.scratch.write("desired/a.yaml", dead("b.test", ", advanced_config: add_header X-A b;"))
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await npm.served()["b.test"]?["advanced_config"] == "add_header X-A b;")
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  @Test func `a 404 host is adopted, renamed and deleted without a write that NPM would lose`() async throws {
    try await withSimulator { npm in
      let place = try place(npm)
      try await npm.asAdmin("POST", "/api/nginx/dead-hosts", ["domain_names": ["a.test"], "meta": ["x": 1]])
      try place.scratch.write("desired/a.yaml", "dead_hosts:\n  gone: { domain_names: [a.test] }\n")
      let before = try await npm.writes().count
      try await place.run("adopt", "--all", "--yes", exits: 0)
      #expect(try await npm.writes().count == before, "there is nothing that could be written")
      try await place.run("diff", "--exit-code", exits: 0)
      try place.scratch.write("desired/a.yaml", "dead_hosts:\n  former: { domain_names: [a.test] }\n")
      try await place.run("apply", "--yes", exits: 0)
      try await place.run("diff", "--exit-code", exits: 0)
      #expect(try await npm.served()["a.test"]?["meta"]["x"] == 1)
      try place.scratch.write("desired/a.yaml", "dead_hosts: {}\n")
      let run = try await place.run("apply", "--yes", "--policy", "sync", "--allow-deletes")
      #expect(run.exit == 0 || run.exit == 4, "\(run.output)\(run.errors)")
    }
  }

  // MARK: Access lists

  @Test func `a list is changed although a host on it is refused, and all of it converges`() async throws {
    try await withSimulator { npm in
      var place = try place(npm)
      let bad = "  bad: { domain_names: [bad.test], forward: 'http://127.0.0.1', access_list: lan, validate: off"
      try place.scratch.write("desired/a.yaml", guarded() + bad + ", advanced_config: nonsense on; }\n")
      try await place.run("apply", "--yes", exits: 5)
      place.variables["PW"] = "another-word"
      let second = try await place.run("apply", "--yes")
      #expect(second.exit == 5)
      #expect(try await npm.served()["app.test"]?["access_list_id"] == 1)
      try place.scratch.write("desired/a.yaml", guarded() + bad + " }\n")
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      #expect(try await list(of: "bad.test", npm) == 1)
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  /// As an earlier release or another client left it: enabled, refused, and its list changed since.
  @Test func `what a list has broken is brought back by correcting the host`() async throws {
    try await withSimulator { npm in
      let place = try place(npm)
      let bad = "  bad: { domain_names: [bad.test], forward: 'http://127.0.0.1', access_list: lan, validate: off"
      try place.scratch.write("desired/a.yaml", guarded() + bad + " }\n")
      try await place.run("apply", "--yes", exits: 0)
      npm.advance(2)
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/2", ["advanced_config": "nonsense on;"])
      try await npm.asAdmin(
        "PUT", "/api/nginx/access-lists/1", ["name": "lan", "items": [["username": "u", "password": "x"]]])
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      #expect(try await list(of: "bad.test", npm) == 1)
      #expect(try await list(of: "app.test", npm) == 1)
    }
  }

  @Test func `a list with somebody else's refused host is not written, and the host is named`() async throws {
    try await withSimulator { npm in
      var place = try place(npm)
      try place.scratch.write("desired/a.yaml", guarded())
      try await place.run("apply", "--yes", exits: 0)
      let body: JSONValue = [
        "domain_names": ["theirs.test"], "forward_scheme": "http", "forward_host": "10.0.0.1", "forward_port": 80,
        "access_list_id": 1, "advanced_config": "nonsense on;",
      ]
      try await npm.asAdmin("POST", "/api/nginx/proxy-hosts", body)
      place.variables["PW"] = "another-word"
      let before = try await npm.writes().count
      let run = try await place.run("apply", "--yes", "-o", "json")
      #expect(run.exit == 4)
      let change = run.json["changes"].arrayValue?.first { $0["kind"] == "access_list" } ?? .null
      #expect(change["action"] == "blocked" && change["error"]["message"].stringValue?.contains("theirs.test") == true)
      #expect(try await npm.writes().count == before)
      #expect(try await npm.createByHand("next.test") > 0)
      #expect(try await npm.served()["next.test"] != nil, "NPM still takes writes")
    }
  }

  // MARK: Reloads that fail

  private func stream(_ port: Int) -> String {
    "streams:\n  db: { incoming_port: \(port), forwarding_host: 127.0.0.1, forwarding_port: 5432 }\n"
  }

  @Test func `a write whose reload failed is unproven, and nothing else is written`() async throws {
    try await withSimulator { npm in
      let place = try place(npm)
      try place.desire("first", "first.test")
      try await place.run("apply", "--yes", exits: 0)
      try await npm.hold([5432])
      try place.scratch.write("desired/s.yaml", stream(5432))
      let run = try await place.run("apply", "--yes", "-o", "json")
      #expect(run.exit == 5)
      let change = run.json["changes"].arrayValue?.first ?? .null
      #expect(change["outcome"] == "unproven", "\(run.output)")
      #expect(change["error"]["message"].stringValue?.contains("5432") == true)
      try place.desire("second", "second.test")
      let again = try await place.run("apply", "--yes", "-o", "json")
      #expect(again.exit == 5)
      #expect(try await npm.served()["second.test"] == nil)
      #expect(try await npm.hosts().count == 1, "what cannot be served is not written")
      // The stream moves to a free port: that write comes first, and makes reloads work again.
      try place.scratch.write("desired/s.yaml", stream(5433))
      let cured = try await place.run("apply", "--yes")
      #expect(cured.exit == 0, "\(cured.output)\(cured.errors)")
      let served = try await npm.served()
      #expect(served["port 5433"] != nil && served["second.test"] != nil && served["first.test"] != nil)
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  @Test func `a delete whose reload failed is not forgotten`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      try place.desire("b", "b.test")
      try await place.run("apply", "--yes", exits: 0)
      try await npm.hold([53])
      try await npm.addStream(53)
      try place.scratch.remove("desired/b.yaml")
      try await place.run("apply", "--yes", "--policy", "sync", exits: 5)
      #expect(try await npm.served()["b.test"] != nil)
      // Nothing is left to delete in NPM, but nginx still serves it.
      try await place.run("diff", "--exit-code", exits: 2)
      try await place.run("apply", "--yes", "--policy", "sync", exits: 5)
      try await npm.hold([])
      let run = try await place.run("apply", "--yes", "--policy", "sync")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      #expect(try await npm.served()["b.test"] == nil)
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  @Test func `somebody else's stream that holds nginx up is seen by the next write`() async throws {
    try await withSimulator { npm in
      let place = try place(npm)
      try await npm.hold([53])
      try await npm.addStream(53)
      try place.desire("app", "app.test")
      try place.desire("other", "other.test")
      let run = try await place.run("apply", "--yes", "-o", "json")
      #expect(run.exit == 5)
      let outcomes = run.json["changes"].arrayValue?.map { $0["outcome"] }
      #expect(outcomes == ["unproven", "not_attempted"])
      #expect(try await npm.served()["app.test"] == nil)
      try await npm.hold([])
      try await place.run("apply", "--yes", exits: 0)
      let served = try await npm.served()
      #expect(served["app.test"] != nil && served["other.test"] != nil)
    }
  }

  @Test func `where NPM is reached without its nginx, the connection is no witness, and that is said`() async throws {
    try await withSimulator { npm in
      let place = try place(npm)
      try await npm.send("PUT", "/simulator/proxy", ["direct": true])
      try place.desire("app", "app.test")
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      #expect(run.errors.contains("npm.data_plane"))
    }
  }

  // MARK: Others

  @Test(arguments: [1, 2, 3, 4])
  func `a host that another client's write took down is up again in the same run`(count: Int) async throws {
    try await withSimulator { npm in
      let place = try place(npm)
      let other = try await npm.createByHand("theirs.test")
      try place.desire("app", "app.test")
      try await place.run("apply", "--yes", exits: 0)
      try place.desire("app", "app.test", port: 81)
      try await npm.rival(other, count: count)
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      #expect(try await npm.served()["app.test"]?["forward_port"] == 81)
    }
  }

  @Test func `nginx that something else broke is found out once, and the rest is not tried`() async throws {
    try await withSimulator { npm in
      let place = try place(npm)
      try place.desire("first", "first.test")
      try await place.run("apply", "--yes", exits: 0)
      for index in 0..<5 { try place.desire("h\(index)", "h\(index).test") }
      try await npm.nginx("broken")
      let before = try await npm.requests().count
      let run = try await place.run("apply", "--yes", "-o", "json")
      // While it waits it would read: two writes, and few reads of their result.
      let calls = try await npm.requests().dropFirst(before)
      #expect(calls.count { $0["method"] != "GET" && $0["path"] != "/api/tokens" } <= 3)
      #expect(calls.count { $0["path"].stringValue?.hasPrefix("/api/nginx/proxy-hosts") == true } <= 10)
      #expect(run.exit == 5)
      let changes = run.json["changes"].arrayValue ?? []
      #expect(changes.map { $0["outcome"] } == ["failed"] + Array(repeating: "not_attempted", count: 4))
      #expect(changes.first?["error"]["code"] == "nginx-broken")
      #expect(changes.first?["error"]["hint"].stringValue?.contains("nginx -t") == true)
      try await npm.nginx("ok")
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await npm.served().count == 6)
    }
  }

  @Test func `our own write is never somebody else's change`() async throws {
    try await withSimulator { npm in
      let place = try place(npm)
      try place.desire("app", "app.test")
      try await place.run("apply", "--yes", exits: 0)
      // NPM stores a write that it answers with 500, without an entry in its audit log.
      try await npm.nginx("broken")
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/1", ["forward_port": 90])
      try await npm.nginx("ok")
      let diff = try await place.run("diff")
      #expect(diff.output.contains("80 -> 90") || diff.output.contains("90 -> 80"))
      #expect(diff.output.contains("changed in NPM") && !diff.output.contains("by admin@example.com"))
      try place.desire("app", "app.test", port: 81)
      try await place.run("apply", "--yes", exits: 0)
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/1", ["forward_port": 82])
      #expect(try await place.run("diff").output.contains("changed in NPM by admin@example.com"))
    }
  }
}
