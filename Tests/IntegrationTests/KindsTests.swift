import Model
import Platform
import TestSupport
import Testing

/// All kinds except proxy hosts, from YAML to NPM and back: the real binary.
@Suite struct KindsTests {
  private static let everything = """
    access_lists:
      lan:
        satisfy_any: true
        items:
          - { username: bob, password: { env: LAN_BOB } }
          - { username: ann, password: { file: secrets/ann } }
        clients:
          - { address: 10.0.0.0/8, directive: allow }
          - { address: all, directive: deny }
      office:
        name: The office
        pass_auth: false
        clients: [{ address: "fd00::/8", directive: allow }]
    proxy_hosts:
      app: { domain_names: [app.test], forward: "http://127.0.0.1:80", validate: off, access_list: lan }
      other: { domain_names: [other.test], forward: "http://127.0.0.1:80", validate: off, access_list: office }
    redirection_hosts:
      old: { domain_names: [old.test], forward_domain_name: app.test, forward_http_code: 308, preserve_path: true }
      off: { domain_names: [off.test], forward_domain_name: app.test, enabled: false }
    dead_hosts:
      gone: { domain_names: [gone.test, "*.gone.test"], advanced_config: "add_header X-Gone yes;" }
    streams:
      ssh: { incoming_port: 2222, forwarding_host: 10.0.0.5, forwarding_port: 22 }
      dns: { incoming_port: 53, forwarding_host: 10.0.0.53, forwarding_port: 53, udp_forwarding: true, enabled: false }
    """ + "\n"

  private func place(_ npm: SimulatedNPM, _ text: String = everything) throws -> Workplace {
    var place = try Workplace(npm)
    place.variables = ["LAN_BOB": "secret-of-bob", "OTHER": "x"]
    try place.scratch.write("desired/all.yaml", text)
    try place.scratch.write("desired/secrets/ann", "secret-of-ann\n")
    return place
  }

  private func rows(_ npm: SimulatedNPM, _ route: String) async throws -> [JSONValue] {
    try await npm.asAdmin("GET", "/api/nginx/\(route)?expand=\(route == "access-lists" ? "items,clients" : "owner")")
      .arrayValue
      ?? []
  }

  @Test(arguments: SimulatedNPM.versions) func `every kind is made, found in sync, changed, and taken away`(
    version: String
  ) async throws {
    try await withSimulator(version) { npm in
      let place = try place(npm)
      let made = try await place.run("apply", "--yes")
      #expect(made.exit == 0, "\(made.output)\(made.errors)")
      let again = try await place.run("diff", "--exit-code")
      #expect(again.exit == 0, "\(again.output)")
      let lists = try await rows(npm, "access-lists")
      #expect(lists.map { $0["name"] } == ["The office", "lan"])
      #expect(lists[1]["items"].arrayValue?.map { $0["hint"] } == ["s************", "s************"])
      #expect(lists[1]["clients"].arrayValue?.map { $0["address"] } == ["10.0.0.0/8", "all"])
      #expect(try await npm.hosts()[0]["access_list_id"] == lists[1]["id"])
      let redirections = try await rows(npm, "redirection-hosts")
      #expect(redirections.map { $0["enabled"] } == [false, true])
      #expect(redirections[1]["meta"]["reconciler"]["name"] == "old")
      #expect(try await rows(npm, "streams").map { $0["enabled"] } == [false, true])
      try place.scratch.write(
        "desired/all.yaml",
        Self.everything.replacing("forward_http_code: 308", with: "forward_http_code: 302")
          .replacing("incoming_port: 2222", with: "incoming_port: 2223").replacing("10.0.0.0/8", with: "10.1.0.0/16")
          .replacing("add_header X-Gone yes;", with: "add_header X-Gone no;"))
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await rows(npm, "redirection-hosts")[1]["forward_http_code"] == 302)
      #expect(try await rows(npm, "streams")[1]["incoming_port"] == 2223)
      try place.scratch.write("desired/all.yaml", "dead_hosts: { gone: { domain_names: [gone.test] } }\n")
      let swept = try await place.run("apply", "--yes", "--policy", "sync", "--allow-deletes")
      #expect(swept.exit == 0, "\(swept.output)\(swept.errors)")
      for route in ["access-lists", "proxy-hosts", "redirection-hosts", "streams"] {
        #expect(try await rows(npm, route).isEmpty, "\(route)")
      }
      #expect(try await rows(npm, "dead-hosts")[0]["domain_names"] == ["gone.test"])
    }
  }

  @Test(arguments: SimulatedNPM.versions) func `a new password is seen though NPM shows none, and none is ever shown`(
    version: String
  ) async throws {
    try await withSimulator(version) { npm in
      var place = try place(npm)
      try await place.run("apply", "--yes", exits: 0)
      place.variables["LAN_BOB"] = "Secret-of-rob"
      let diff = try await place.run("diff", "--exit-code", "-o", "json")
      #expect(diff.exit == 2 && diff.json["changes"].arrayValue?.map { $0["name"] } == ["lan"])
      place.variables["LAN_BOB"] = "secret-of-rob"
      #expect(try await place.run("diff", "--exit-code").exit == 2, "the first letter and the length are the same")
      let run = try await place.run("apply", "--yes", "-v", "-o", "json")
      #expect(run.exit == 0)
      try await place.run("diff", "--exit-code", exits: 0)
      let expanded = try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/1?expand=access_list.items")
      let items = expanded["access_list"]["items"].arrayValue ?? []
      #expect(Set(items.map { $0["password"] }) == ["secret-of-rob", "secret-of-ann"])
      try place.scratch.remove("desired/secrets/ann")
      let said = try place.scratch.everything() + run.output + run.errors + diff.output
      for secret in ["secret-of-rob", "secret-of-bob", "secret-of-ann"] { #expect(!said.contains(secret)) }
    }
  }

  @Test(arguments: SimulatedNPM.versions) func `an access list that anybody uses is not deleted`(version: String)
    async throws
  {
    try await withSimulator(version) { npm in
      let place = try place(npm)
      try await place.run("apply", "--yes", exits: 0)
      let number = try await rows(npm, "access-lists")[1]["id"]
      let hand = try await npm.createByHand("hand.test")
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/\(hand)", ["access_list_id": number])
      let without = Self.everything.replacing(", access_list: lan }", with: " }")
        .replacing("  lan:\n", with: "  elsewhere:\n    name: lan2\n")
      try place.scratch.write("desired/all.yaml", without)
      let refused = try await place.run("apply", "--yes", "--policy", "sync")
      #expect(
        refused.exit == 4 && refused.output.contains("hand.test (proxy host 3) still uses it"), "\(refused.output)")
      #expect(try await rows(npm, "access-lists").contains { $0["id"] == number })
      try await npm.asAdmin("DELETE", "/api/nginx/proxy-hosts/\(hand)")
      try await place.run("apply", "--yes", "--policy", "sync", exits: 0)
      #expect(try await !rows(npm, "access-lists").contains { $0["id"] == number })
    }
  }

  @Test(arguments: SimulatedNPM.versions)
  func `an export of everything is applied to a second NPM and gives an equal one`(version: String) async throws {
    try await withSimulator(version) { first in
      let place = try place(first)
      try await place.run("apply", "--yes", exits: 0)
      try await withSimulator(version) { second in
        for splits in [false, true] {
          let folder = "copy-\(splits)"
          let exported = try await place.run(
            ["export", "--out", folder, "--passwords", "env"] + (splits ? ["--split"] : []))
          #expect(exported.exit == 0, "\(exported.errors)")
          try await second.send("POST", "/simulator/reset", ["start": "fresh-admin"])
          var other = try Workplace(second)
          other.variables = ["LAN_BOB": "secret-of-bob", "LAN_ANN": "secret-of-ann"]
          let desired = "\(place.scratch.path)/\(folder)"
          let run = try await other.run("apply", "--yes", "--no-probe", "--desired", desired)
          #expect(run.exit == 0, "\(run.output)\(run.errors)")
          try await other.run("diff", "--exit-code", "--desired", desired, exits: 0)
          for route in ["access-lists", "proxy-hosts", "redirection-hosts", "dead-hosts", "streams"] {
            let (left, right) = (try await rows(first, route), try await rows(second, route))
            #expect(left.map(Self.bare) == right.map(Self.bare), "\(route)")
          }
        }
      }
    }
  }

  /// Without members that differ between NPM instances.
  private static func bare(_ row: JSONValue) -> JSONValue {
    guard var members = row.objectValue else { return row }
    for key in ["id", "created_on", "modified_on", "access_list_id", "owner", "owner_user_id", "meta"] {
      members[key] = nil
    }
    for key in ["items", "clients"] { members[key] = members[key].map { .array(($0.arrayValue ?? []).map(bare)) } }
    return .object(members)
  }

  @Test(arguments: SimulatedNPM.versions) func `a lost store finds lists by their names, and only when told to`(
    version: String
  ) async throws {
    try await withSimulator(version) { npm in
      let place = try place(npm)
      try await place.run("apply", "--yes", exits: 0)
      try place.scratch.remove(".reconciler")
      let lost = try await place.run("apply", "--yes")
      #expect(lost.exit == 4 && lost.output.contains("--rebuild-ledger"), "\(lost.output)")
      let found = try await place.run("apply", "--yes", "--rebuild-ledger")
      #expect(found.exit == 0, "\(found.output)\(found.errors)")
      try await place.run("diff", "--exit-code", exits: 0)
      #expect(try await rows(npm, "access-lists").count == 2)
      try place.scratch.write(
        "desired/all.yaml",
        "proxy_hosts: { app: { domain_names: [app.test], forward: 'http://127.0.0.1', validate: off } }\n")
      try await place.run("apply", "--yes", "--policy", "sync", "--allow-deletes", exits: 0)
      #expect(try await rows(npm, "access-lists").isEmpty)
    }
  }

  @Test(arguments: SimulatedNPM.versions)
  func `a foreign list of the same name is in the way, and adoption takes it over`(version: String) async throws {
    try await withSimulator(version) { npm in
      let foreign: JSONValue = ["name": "lan", "items": [["username": "x", "password": "y"]], "clients": []]
      _ = try await npm.asAdmin("POST", "/api/nginx/access-lists", foreign)
      let place = try place(npm)
      let run = try await place.run("apply", "--yes")
      #expect(
        run.exit == 4 && run.output.contains("lan is the name of access list 1, which is not ours"), "\(run.output)")
      #expect(try await rows(npm, "access-lists")[1]["items"].arrayValue?.map { $0["username"] } == ["x"])
      try await place.run("adopt", "lan", "--accept-changes", "--yes", exits: 0)
      #expect(try await rows(npm, "access-lists")[1]["items"].arrayValue?.count == 2)
      try await place.run("apply", "--yes", exits: 0)
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  @Test(arguments: SimulatedNPM.versions) func `domains and ports are taken once, whatever the kind`(version: String)
    async throws
  {
    try await withSimulator(version) { npm in
      let clashes = """
        proxy_hosts:
          a: { domain_names: [a.test, "*.w.test"], forward: "http://10.0.0.1" }
        dead_hosts:
          b: { domain_names: [A.test] }
          c: { domain_names: [x.w.test] }
        streams:
          s: { incoming_port: 99, forwarding_host: h, forwarding_port: 1 }
          t: { incoming_port: 99, forwarding_host: h, forwarding_port: 2, udp_forwarding: true }
          u: { incoming_port: 443, forwarding_host: h, forwarding_port: 2 }
          v: { incoming_port: 98, forwarding_host: h, forwarding_port: 2, tcp_forwarding: false }
        access_lists:
          l: { clients: [{ address: 300.1.1.1, directive: allow }] }
          m: { items: [{ username: a, password: hunter2 }] }
        """
      let place = try place(npm, clashes)
      let run = try await place.run("validate")
      #expect(run.exit == 3)
      for code in [
        "duplicate-domain", "duplicate-port", "port-taken", "bad-value", "secret-literal", "shadowed-domain",
        "unused-reference",
      ] {
        #expect((run.output + run.errors).contains("[\(code)]"), "\(code): \(run.output)\(run.errors)")
      }
      #expect(!(run.output + run.errors).contains("hunter2"))
      _ = try await npm.asAdmin(
        "POST", "/api/nginx/streams",
        ["incoming_port": 2222, "forwarding_host": "h", "forwarding_port": 1, "tcp_forwarding": true])
      try place.scratch.write("desired/all.yaml", Self.everything)
      let taken = try await place.run("apply", "--yes")
      #expect(
        taken.exit == 4 && taken.output.contains("tcp/2222 is taken by stream 1, which is not ours"), "\(taken.output)")
      #expect(try await rows(npm, "streams").count == 2)
    }
  }

  @Test func `a field that this NPM does not have is refused before anything is written, with the release that has it`()
    async throws
  {
    let text = """
      proxy_hosts:
        a: { domain_names: [a.test], forward: "http://127.0.0.1", validate: off, trust_forwarded_proto: true }
      """
    try await withSimulator("2.12.6") { npm in
      let place = try place(npm, text)
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 4 && run.output.contains("'trust_forwarded_proto' needs NPM 2.14.0, this is 2.12.6"))
      #expect(try await npm.writes().isEmpty)
      try place.scratch.write("desired/all.yaml", text.replacing(", trust_forwarded_proto: true", with: ""))
      try await place.run("apply", "--yes", exits: 0)
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  @Test(arguments: SimulatedNPM.versions)
  func `the default site is set, watched, and left as it is when nobody asks for it any more`(version: String)
    async throws
  {
    try await withSimulator(version) { npm in
      func text(_ fields: String) -> String {
        "settings: { default_site: { \(fields) } }\ndead_hosts: { gone: { domain_names: [gone.test] } }\n"
      }
      let place = try place(npm, text("value: redirect, redirect: 'https://example.com/'"))
      let valid = try await place.run("validate")
      #expect(valid.exit == 0 && !valid.output.contains("warning"), "\(valid.output)")
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      try await place.run("diff", "--exit-code", exits: 0)
      try await npm.asAdmin("PUT", "/api/settings/default-site", ["value": "444", "meta": [:]])
      let drift = try await place.run("diff", "--exit-code")
      #expect(drift.exit == 2 && drift.output.contains("444 -> redirect"), "\(drift.output)")
      try place.scratch.write("desired/all.yaml", text("value: \"404\""))
      try await place.run("apply", "--yes", exits: 0)
      let site = try await npm.asAdmin("GET", "/api/settings/default-site")
      #expect(site["value"] == "404" && site["meta"] == [:])
      try place.scratch.write("desired/all.yaml", text("value: redirect, redirect: 'https://x;y'"))
      let wrong = try await place.run("validate")
      #expect(wrong.exit == 3)
      try place.scratch.write("desired/all.yaml", "dead_hosts: { gone: { domain_names: [gone.test] } }\n")
      try await place.run("apply", "--yes", "--policy", "sync", exits: 0)
      #expect(try await npm.asAdmin("GET", "/api/settings/default-site")["value"] == "404")
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  @Test func `a name without which nginx does not start is pointed at`() async throws {
    try await withSimulator { npm in
      let text = """
        proxy_hosts:
          a:
            domain_names: [a.test]
            forward: http://127.0.0.1:\(npm.port)
            validate: warn
            locations: [{ path: /x, forward: "http://nowhere.invalid:80" }]
        streams:
          s: { incoming_port: 2000, forwarding_host: gone.invalid, forwarding_port: 1 }
        access_lists:
          unused: { clients: [{ address: all, directive: deny }] }
        """
      let place = try place(npm, text)
      let run = try await place.run("validate", "--probe")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      let said = run.output + run.errors
      #expect(
        said.contains("all.yaml:6:") && said.contains("'nowhere.invalid' of proxy host 'a' does not resolve"), "\(said)"
      )
      #expect(said.contains("'gone.invalid' of stream 's' does not resolve"))
      let diff = try await place.run("diff")
      #expect(diff.errors.contains("warning[name-unresolved]"), "\(diff.errors)")
    }
  }
}
