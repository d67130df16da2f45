import Foundation
import Model
import Platform
import TestSupport
import Testing

/// A change must not damage objects that it only refers to, or objects of others: the real binary.
@Suite struct SideEffectRepairTests {
  private static let now = Int(Timestamp.now.seconds)

  private func host(_ name: String, _ more: String = "") -> String {
    "  \(name): { domain_names: [\(name).test], forward: 'http://127.0.0.1', validate: off\(more) }\n"
  }

  private func list(_ name: String, _ addresses: [String], _ more: String = "") -> String {
    let clients = addresses.map { "{ address: \($0), directive: allow }" }.joined(separator: ", ")
    return "  \(name): { \(more)clients: [\(clients)] }\n"
  }

  private func lists(_ npm: SimulatedNPM) async throws -> [JSONValue] {
    try await npm.asAdmin("GET", "/api/nginx/access-lists?expand=items,clients").arrayValue ?? []
  }

  private func addresses(_ list: JSONValue) -> [String] {
    list["clients"].arrayValue?.compactMap { $0["address"].stringValue } ?? []
  }

  @Test func `a list is not opened again because a host that uses it fails`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      let hosts = "proxy_hosts:\n" + host("a", ", access_list: lan")
      try place.scratch.write(
        "desired/a.yaml", "access_lists:\n" + list("lan", ["10.0.0.0/8", "11.0.0.0/8"]) + hosts)
      try await place.run("apply", "--yes", exits: 0)
      try place.scratch.write(
        "desired/a.yaml",
        "access_lists:\n" + list("lan", ["10.0.0.0/8"]) + hosts
          + host("n", ", access_list: lan, advanced_config: nonsense on;"))
      try await place.run("apply", "--yes", exits: 5)
      #expect(try await addresses(lists(npm)[0]) == ["10.0.0.0/8"])
      #expect(try await npm.hosts().count == 2, "a new host that nginx refuses stays, unserved")
    }
  }

  @Test func `a host keeps its new list when the old one cannot be deleted`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      let both = "access_lists:\n" + list("lan", ["10.0.0.0/8"]) + list("strict", ["10.1.0.0/16"])
      try place.scratch.write("desired/a.yaml", both + "proxy_hosts:\n" + host("a", ", access_list: lan"))
      try await place.run("apply", "--yes", exits: 0)
      try place.scratch.write(
        "desired/a.yaml",
        "access_lists:\n" + list("strict", ["10.1.0.0/16"]) + "proxy_hosts:\n" + host("a", ", access_list: strict"))
      try await npm.faults([
        ["method": "DELETE", "path": "/api/nginx/access-lists", "action": "status", "status": 400, "count": 9]
      ])
      try await place.run("apply", "--yes", "--policy", "sync", exits: 5)
      #expect(try await npm.hosts()[0]["access_list_id"] == 2)
    }
  }

  @Test func `adoption makes nothing twice, and keeps the passwords that NPM has`() async throws {
    try await withSimulator { npm in
      var place = try Workplace(npm)
      place.variables = ["PW": "supersecretY"]
      let item: JSONValue = ["username": "alice", "password": "supersecretX"]
      _ = try await npm.asAdmin("POST", "/api/nginx/access-lists", ["name": "lan", "items": [item], "clients": []])
      let id = try await npm.createByHand("a.test")
      try await npm.asAdmin(
        "PUT", "/api/nginx/proxy-hosts/\(id)", ["access_list_id": 1, "forward_host": "127.0.0.1"])
      let text =
        "access_lists: { lan: { items: [{ username: alice, password: { env: PW } }] } }\nproxy_hosts:\n"
        + host("a", ", access_list: lan, advanced_config: nonsense on;")
      try place.scratch.write("desired/a.yaml", text)
      try await place.run("adopt", "--all", "--accept-changes", "--yes", exits: 5)
      #expect(try await lists(npm).count == 1)
      let shown = try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/\(id)?expand=access_list.items")
      #expect(shown["access_list"]["items"].arrayValue?.first?["password"] == "supersecretX")
      place.variables["PW"] = "supersecretZ"
      let seen = try await place.run("diff", "-o", "json")
      #expect(seen.json["changes"].arrayValue?.contains { $0["name"] == "lan" && $0["action"] == "update" } == true)
    }
  }

  @Test func `a name that looks like a number is none`() async throws {
    try await withSimulator { npm in
      for (name, address) in [("public", "all"), ("#1", "10.0.0.0/8")] {
        let client: JSONValue = ["address": .string(address), "directive": "allow"]
        _ = try await npm.asAdmin(
          "POST", "/api/nginx/access-lists", ["name": .string(name), "items": [], "clients": [client]])
      }
      let id = try await npm.createByHand("a.test")
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/\(id)", ["access_list_id": 2])
      let place = try Workplace(npm)
      try await place.run("export", "--out", "desired", exits: 0)
      try await place.run("adopt", "--all", "--yes", "--no-probe", exits: 0)
      #expect(try await npm.hosts()[0]["access_list_id"] == 2)
      try place.scratch.write("desired/b.yaml", "proxy_hosts:\n" + host("b", ", access_list: \"#1\""))
      try await place.run("apply", "--yes", exits: 4)
    }
  }

  @Test func `names that cross lead nobody to the wrong list, not in a rollback either`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      func text(_ port: Int, _ other: String) -> String {
        "access_lists:\n" + list("a", ["10.0.0.0/8"], "name: b, ") + list("b", [other], "name: a, ")
          + "proxy_hosts:\n" + host("h", ", access_list: a").replacing("127.0.0.1", with: "127.0.0.1:\(port)")
      }
      try place.scratch.write("desired/a.yaml", text(1, "all"))
      try await place.run("apply", "--yes", exits: 0)
      let before = try await npm.hosts()[0]["access_list_id"]
      try place.scratch.write("desired/a.yaml", text(2, "172.16.0.0/12"))
      try await place.run("apply", "--yes", exits: 0)
      try await place.run("rollback", "--yes", "--no-probe", exits: 0)
      #expect(try await npm.hosts()[0]["access_list_id"] == before)
      #expect(try await npm.hosts()[0]["forward_port"] == 1)
    }
  }

  @Test func `a list gets another name while a host that uses it changes`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      let hosts = "proxy_hosts:\n" + host("a", ", access_list: lan")
      try place.scratch.write("desired/a.yaml", "access_lists:\n" + list("lan", ["10.0.0.0/8"]) + hosts)
      try await place.run("apply", "--yes", exits: 0)
      try place.scratch.write(
        "desired/a.yaml",
        "access_lists:\n" + list("lan", ["10.0.0.0/8"], "name: Office, ")
          + hosts.replacing("127.0.0.1", with: "127.0.0.1:2"))
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0, "\(run.output)")
      try await place.run("diff", "--exit-code", exits: 0)
      #expect(try await npm.hosts()[0]["access_list_id"] == 1)
    }
  }

  @Test(arguments: ["access-lists", "certificates"])
  func `a create that was killed is taken up, whatever the kind`(route: String) async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      let made = try TestCertificate.make(names: ["a.test"], days: 90, from: Self.now - 86400)
      try place.scratch.write("desired/c.pem", made.certificate)
      try place.scratch.write("desired/c.key", made.key)
      let certificate = "certificates: { w: { certificate: { file: c.pem }, certificate_key: { file: c.key } } }\n"
      try place.scratch.write(
        "desired/a.yaml", route == "certificates" ? certificate : "access_lists:\n" + list("lan", ["10.0.0.0/8"]))
      try await npm.faults([
        ["method": "POST", "path": .string("/api/nginx/\(route)"), "when": "after", "action": "stall"]
      ])
      let program = try place.start("apply", "--yes")
      func isDone() async throws -> Bool {
        try await npm.writes().contains { $0["path"] == .string("/api/nginx/\(route)") && $0["isDone"] == true }
      }
      while program.isRunning, try await !isDone() { await Task.yield() }
      program.killHard()
      _ = await program.result()
      try await npm.faults([])
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      #expect(try await npm.asAdmin("GET", "/api/nginx/\(route)").arrayValue?.count == 1)
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  @Test func `what needs a secret that nobody has is not begun`() async throws {
    try await withSimulator { npm in
      var place = try Workplace(npm)
      try place.scratch.write(
        "desired/a.yaml", "access_lists: { lan: { items: [{ username: alice, password: { env: PW } }] } }\n")
      for password in ["supersecretA", "supersecretB"] {
        place.variables["PW"] = password
        try await place.run("apply", "--yes", exits: 0)
      }
      let before = try await npm.writes().count
      let back = try await place.run("rollback", "--yes")
      #expect(back.exit == 4 && back.output.contains("it needs the password of 'alice'"), "\(back.output)")
      #expect(try await npm.writes().count == before)
      place.variables["PW"] = "supersecretA"
      try await place.run("diff", "--exit-code", exits: 2)
      let mode = try FileManager.default.attributesOfItem(atPath: "\(place.scratch.path)/.reconciler/state.db.key")
      #expect(mode[.posixPermissions] as? Int == 0o600)
      let store = try FileManager.default.attributesOfItem(atPath: "\(place.scratch.path)/.reconciler/state.db")
      #expect(store[.posixPermissions] as? Int == 0o600)
    }
  }

  @Test func `a renewal whose answer is lost is served, past a user that is broken`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      func renew() throws {
        let made = try TestCertificate.make(names: ["*.test"], days: 90, from: Self.now - 86400)
        try place.scratch.write("desired/c.pem", made.certificate)
        try place.scratch.write("desired/c.key", made.key)
      }
      try renew()
      try place.scratch.write(
        "desired/a.yaml",
        "certificates: { w: { certificate: { file: c.pem }, certificate_key: { file: c.key } } }\nproxy_hosts:\n"
          + host("z", ", certificate: w"))
      try await place.run("apply", "--yes", exits: 0)
      let broken = try await npm.createByHand("broken.test")
      try await npm.asAdmin(
        "PUT", "/api/nginx/proxy-hosts/\(broken)", ["certificate_id": 1, "advanced_config": "nonsense on;"])
      try renew()
      let before = try await npm.reloads()
      try await npm.faults([
        ["method": "POST", "path": "/api/nginx/certificates/1/upload", "when": "after", "action": "reset"]
      ])
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0, "\(run.output)")
      #expect(try await npm.reloads() > before)
    }
  }

  @Test func `auto lets go of what leaves the YAML, and a name may belong to two kinds`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      for (name, days) in [("old", 900), ("new", 300)] {
        let made = try TestCertificate.make(names: ["a.test"], days: days, from: Self.now - 86400)
        try place.scratch.write("desired/\(name).pem", made.certificate)
        try place.scratch.write("desired/\(name).key", made.key)
      }
      func text(_ name: String) -> String {
        "certificates: { \(name): { certificate: { file: \(name).pem }, certificate_key: { file: \(name).key } } }\n"
          + "proxy_hosts:\n" + host("a", ", certificate: auto")
      }
      try place.scratch.write("desired/a.yaml", text("old"))
      try await place.run("apply", "--yes", exits: 0)
      try place.scratch.write("desired/a.yaml", text("new"))
      let run = try await place.run("apply", "--yes", "--policy", "sync")
      #expect(run.exit == 0, "\(run.output)")
      #expect(try await npm.hosts()[0]["certificate_id"] == 2)
      try place.scratch.write("desired/b.yaml", "dead_hosts: { a: { domain_names: [other.test] } }\n")
      let both = try await place.run("adopt", "a", "--yes")
      #expect(both.exit == 3 && both.errors.contains("write dead_host/a or proxy_host/a"), "\(both.errors)")
    }
  }

  @Test func `no line near a secret is shown, and no two secrets share a variable`() async throws {
    let scratch = try Scratch()
    let wrong = [
      "- { username: dave, passwrd: hunter2 }", "- [ eve, hunter2 ]", "- alice:hunter2",
      "- { username: a, password: { env: hunter2 } }", "- { username: a, password: hunter2 }",
    ]
    for text in wrong {
      try scratch.write("desired/a.yaml", "access_lists:\n  lan:\n    items:\n      \(text)\n")
      for format in ["text", "json"] {
        let run = try await ProgramRun.run(["validate", "-o", format], in: scratch.path)
        #expect(run.exit == 3)
        #expect(!(run.output + run.errors).contains("hunter2"), "\(text): \(run.output)\(run.errors)")
      }
    }
    try await withSimulator { npm in
      let items: [JSONValue] = ["a-b", "a.b", "a_b", "A_B", "\u{dc}", "\u{d6}"].map {
        ["username": .string($0), "password": .string("p")]
      }
      _ = try await npm.asAdmin(
        "POST", "/api/nginx/access-lists", ["name": "lan", "items": .array(items), "clients": []])
      let place = try Workplace(npm)
      let export = try await place.run("export", "--passwords", "env")
      let names = export.output.split(separator: "\n").compactMap { line in
        line.firstRange(of: "env: ").map { line[$0.upperBound...] }
      }
      #expect(names.count == 6 && Set(names).count == 6, "\(export.output)")
    }
  }

  @Test func `what is not selected is not needed and not there`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write(
        "desired/a.yaml",
        "access_lists:\n" + list("vip", ["10.0.0.0/8"]) + "proxy_hosts:\n"
          + host("i", ", access_list: vip, labels: { team: x }"))
      let run = try await place.run("apply", "--yes", "--select", "team=x")
      #expect(run.exit == 4 && run.output.contains("which is not there yet and not selected"), "\(run.output)")
    }
  }
}
