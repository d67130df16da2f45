import Curl
import Foundation
import HTTPServer
import Model
import TestSupport
import Testing

/// What visitors get: the real binary checks it at the data plane of the simulated NPM.
@Suite struct DataPlaneTests {
  private func withPlace(
    isDirect: Bool = false, _ body: (SimulatedNPM, Workplace, Int) async throws -> Void
  ) async throws {
    try await withSimulator(servesVisitors: true) { npm in
      try await withBackend { port in
        var place = try Workplace(npm)
        place.variables = ["PW": "secret-word"]
        let settings = "watch: { interval: 1h, self_heal: false }\nhealth: { interval: 1s, failure_threshold: 1 }\n"
        try place.scratch.write("reconciler.yaml", settings + "npm: { data_plane: \"\(npm.dataPlane ?? "")\" }\n")
        if isDirect { try await npm.send("PUT", "/simulator/proxy", ["direct": true]) }
        try await body(npm, place, port)
      }
    }
  }

  private func status(_ domain: String, _ npm: SimulatedNPM) async throws -> Int {
    var transfer = HTTPTransfer(url: "http://\(npm.dataPlane ?? "")/")
    transfer.headers = [("Host", domain)]
    transfer.usesFreshConnection = true
    return try await npm.engine.perform(transfer).status
  }

  private func guarded(_ port: Int) -> String {
    """
    access_lists: { lan: { items: [{ username: u, password: { env: PW } }] } }
    proxy_hosts:
      app: { domain_names: [app.test], forward: 'http://127.0.0.1:\(port)', access_list: lan, health: { path: /ok } }

    """
  }

  /// The API is reached without nginx, so that no idle connection shows reloads.
  @Test func `a new host that visitors do not get is unproven`() async throws {
    try await withPlace(isDirect: true) { npm, place, port in
      try place.desire("first", "first.test", port: port)
      let first = try await place.run("apply", "--yes")
      #expect(first.exit == 0, "\(first.output)\(first.errors)")
      #expect(try await status("first.test", npm) == 200)
      try await npm.hold([53])
      try await npm.addStream(53)
      try place.desire("second", "second.test", port: port)
      let run = try await place.run("apply", "--yes", "-o", "json")
      #expect(run.exit == 5)
      let change = run.json["changes"].arrayValue?.first ?? .null
      #expect(
        change["outcome"] == "unproven" && change["error"]["message"].stringValue?.contains("second.test") == true)
      try await npm.hold([])
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await status("second.test", npm) == 200)
    }
  }

  @Test func `a deleted host that is still served is unproven`() async throws {
    try await withPlace(isDirect: true) { npm, place, port in
      try place.desire("a", "a.test", port: port)
      try place.desire("b", "b.test", port: port)
      try await place.run("apply", "--yes", exits: 0)
      try await npm.hold([53])
      try await npm.addStream(53)
      try place.scratch.remove("desired/b.yaml")
      let run = try await place.run("apply", "--yes", "--policy", "sync", "-o", "json")
      #expect(run.exit == 5)
      #expect(run.json["changes"].arrayValue?.first?["outcome"] == "unproven")
      #expect(try await status("b.test", npm) == 200)
    }
  }

  @Test func `who is let in without a password is drift, whatever NPM says`() async throws {
    try await withPlace { npm, place, port in
      try place.scratch.write("desired/a.yaml", guarded(port))
      var place = place
      place.variables["NPM_IDENTITY"] = try await npm.addManager()
      let first = try await place.run("apply", "--yes")
      #expect(first.exit == 0, "\(first.output)\(first.errors)")
      #expect(try await status("app.test", npm) == 401)
      // In the same second as our write, and with an account that may not read the audit log.
      try await npm.switchOffAndOn(1)
      #expect(try await status("app.test", npm) == 200)
      let diff = try await place.run("diff", "--exit-code", "-o", "json")
      #expect(diff.exit == 2)
      let field = diff.json["changes"].arrayValue?.first?["fields"].arrayValue?.first ?? .null
      #expect(field["path"] == "access_list_enforced" && field["before"] == false)
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await status("app.test", npm) == 401)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `health takes an open guard for what it is, and the default page, too`() async throws {
    try await withPlace { npm, place, port in
      let plain =
        "  other: { domain_names: [other.test], forward: 'http://127.0.0.1:\(port)', health: { path: /ok } }\n"
      try place.scratch.write("desired/a.yaml", guarded(port) + plain)
      let first = try await place.run("apply", "--yes")
      #expect(first.exit == 0, "\(first.output)\(first.errors)")
      let daemon = try place.start("watch")
      func health(_ name: String) -> JSONValue {
        let text = (try? place.scratch.read("status/health.json")) ?? ""
        let file = (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .null
        return file["proxies"].arrayValue?.first { $0["name"] == .string(name) } ?? .null
      }
      while !Task.isCancelled, health("app")["health"] != "healthy" || health("other")["health"] != "healthy" {
        await Task.yield()
      }
      try await npm.switchOffAndOn(1)
      // Visitors of this host get the default page.
      try await npm.asAdmin("POST", "/api/nginx/proxy-hosts/2/disable")
      while !Task.isCancelled, health("app")["health"] != "unhealthy" || health("other")["health"] != "unhealthy" {
        await Task.yield()
      }
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
    }
  }
}
