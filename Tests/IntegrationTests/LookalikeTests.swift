import Model
import TestSupport
import Testing

/// Similar names, and accounts with fewer permissions. The real binary.
@Suite struct LookalikeTests {
  @Test func `a list whose name looks like a number is taken for no other`() async throws {
    try await withSimulator { npm in
      for name in ["dup", "dup", "#2 dup"] {
        try await npm.asAdmin("POST", "/api/nginx/access-lists", ["name": .string(name), "items": [], "clients": []])
      }
      let id = try await npm.createByHand("hand.test")
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/\(id)", ["access_list_id": 2])
      let place = try Workplace(npm)
      try await place.run("export", "--out", "desired", exits: 0)
      try await place.run("adopt", "--all", "--yes", "--no-probe", exits: 0)
      let run = try await place.run("apply", "--yes", "--no-probe")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      #expect(try await npm.served()["hand.test"]?["access_list_id"] == 2)
      try place.scratch.write("desired/l.yaml", "access_lists: { l: { name: '#2 dup' } }\n")
      let wrong = try await place.run("validate")
      #expect(wrong.exit == 3 && (wrong.output + wrong.errors).contains("would be taken for a number"))
    }
  }

  @Test func `export knows what the store calls an object without a marker`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write(
        "desired/a.yaml",
        """
        access_lists: { lan: { name: At home, clients: [{ address: 10.0.0.0/8, directive: allow }] } }
        proxy_hosts: { h: { domain_names: [h.test], forward: "http://h", access_list: lan, validate: off } }
        """)
      try await place.run("apply", "--yes", exits: 0)
      try await place.run("export", "--out", "copy", exits: 0)
      let diff = try await place.run("diff", "--exit-code", "--desired", "copy")
      #expect(diff.exit == 0, "\(diff.output)")
    }
  }

  @Test func `an account that may not see NPM's settings manages the rest`() async throws {
    try await withSimulator { npm in
      var place = try Workplace(npm)
      let host = "proxy_hosts: { h: { domain_names: [h.test], forward: 'http://h', validate: off } }\n"
      try place.scratch.write("desired/a.yaml", "settings: { default_site: { value: '404' } }\n" + host)
      try await place.run("apply", "--yes", exits: 0)
      let user = try await npm.asAdmin(
        "POST", "/api/users",
        [
          "name": "op", "nickname": "op", "email": "op@example.com", "roles": [], "is_disabled": false,
          "auth": ["type": "password", "secret": "operator-pw"],
        ])
      var rights: [String: JSONValue] = ["visibility": "all"]
      for kind in ["proxy_hosts", "redirection_hosts", "dead_hosts", "streams", "access_lists", "certificates"] {
        rights[kind] = "manage"
      }
      try await npm.asAdmin("PUT", "/api/users/\(user["id"].intValue ?? 0)/permissions", .object(rights))
      place.variables = ["NPM_IDENTITY": "op@example.com", "NPM_SECRET": "operator-pw"]
      try place.scratch.write(
        "desired/a.yaml", "settings: { default_site: { value: '404' } }\n" + host.replacing("//h", with: "//i"))
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 4 && run.output.contains("only administrators may see NPM's settings"), "\(run.output)")
      #expect(try await npm.hosts().first?["forward_host"] == "i")
    }
  }

  @Test func `what could not be read is blamed once`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write(
        "desired/a.yaml",
        """
        certificates:
          c: { provider: letsencrypt, domain_names: ["*.a.test"], dns: { provider: p, credentials: { env: NOBODY_SET_IT } } }
        """)
      let run = try await place.run("validate")
      let text = run.output + run.errors
      #expect(run.exit == 3 && text.contains("[unset-variable]") && !text.contains("by DNS only"), "\(text)")
    }
  }
}
