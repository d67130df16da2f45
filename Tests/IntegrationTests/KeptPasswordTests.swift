import Model
import Platform
import TestSupport
import Testing

/// Access lists whose passwords only NPM knows: the real binary.
@Suite struct KeptPasswordTests {
  private func makeList(_ npm: SimulatedNPM) async throws {
    let items: [JSONValue] = [
      ["username": "dad", "password": "s3cret of dad"], ["username": "mum", "password": "hunter2"],
    ]
    let list = try await npm.asAdmin(
      "POST", "/api/nginx/access-lists", ["name": "Family & friends", "items": .array(items), "clients": []])
    _ = try await npm.asAdmin(
      "POST", "/api/nginx/proxy-hosts",
      [
        "domain_names": ["app.test"], "forward_scheme": "http", "forward_host": "127.0.0.1", "forward_port": 80,
        "access_list_id": list["id"],
      ])
  }

  /// The passwords that NPM has, by user: this answer is the one that shows them.
  private func passwords(_ npm: SimulatedNPM) async throws -> [String: String] {
    let host = try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/1?expand=access_list.items")
    let items = host["access_list"]["items"].arrayValue ?? []
    return Dictionary(
      items.map { ($0["username"].stringValue ?? "", $0["password"].stringValue ?? "") }, uniquingKeysWith: { $1 })
  }

  @Test(arguments: SimulatedNPM.versions)
  func `an exported list is in sync, adopted and changed without anybody knowing its passwords`(version: String)
    async throws
  {
    try await withSimulator(version) { npm in
      try await makeList(npm)
      let place = try Workplace(npm)
      try await place.run("export", "--out", "desired", exits: 0)
      let text = try place.scratch.read("desired/access_lists.yaml")
      #expect(text.contains("family-friends:") && text.contains("password: { keep: true }"), "\(text)")
      try await place.run("adopt", "--all", "--yes", exits: 0)
      try await place.run("diff", "--exit-code", exits: 0)
      #expect(try await place.run("status").output.contains("3 of 3 in sync"))
      try place.scratch.write(
        "desired/access_lists.yaml", text.replacing("    items:", with: "    satisfy_any: true\n    items:"))
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await npm.asAdmin("GET", "/api/nginx/access-lists/1")["satisfy_any"] == true)
      #expect(try await passwords(npm) == ["dad": "s3cret of dad", "mum": "hunter2"])
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  @Test func `whom NPM does not know needs a word, and holds up nothing else`() async throws {
    try await withSimulator { npm in
      try await makeList(npm)
      let place = try Workplace(npm)
      try await place.run("export", "--out", "desired", exits: 0)
      try await place.run("adopt", "--all", "--yes", exits: 0)
      let text = try place.scratch.read("desired/access_lists.yaml").replacing("username: mum", with: "username: kid")
      try place.scratch.write("desired/access_lists.yaml", text)
      try place.desire("b", "b.test")
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 4 && run.output.contains("the password of 'kid'"), "\(run.output)\(run.errors)")
      #expect(run.output.contains("+ b") && run.output.contains("1 applied"))
      #expect(try await passwords(npm) == ["dad": "s3cret of dad", "mum": "hunter2"])
    }
  }

  @Test func `a password that is changed in NPM is no drift of one that is kept`() async throws {
    try await withSimulator { npm in
      try await makeList(npm)
      let place = try Workplace(npm)
      try await place.run("export", "--out", "desired", exits: 0)
      try await place.run("adopt", "--all", "--yes", exits: 0)
      let items: [JSONValue] = [["username": "dad", "password": "x"], ["username": "mum", "password": ""]]
      _ = try await npm.asAdmin(
        "PUT", "/api/nginx/access-lists/1", ["name": "Family & friends", "items": .array(items)])
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  /// Drift of a password is found, an unchanged one is rolled back over, and a changed one cannot be.
  @Test func `the store knows no letter of a password, and still tells one from another`() async throws {
    try await withSimulator { npm in
      try await npm.send("PUT", "/simulator/letsencrypt", ["issues": true])
      var place = try Workplace(npm)
      place.variables = ["WORD": "Quokka-secret", "DNS": "Quagga-token"]
      func desire(_ more: String) throws {
        try place.scratch.write(
          "desired/a.yaml",
          """
          certificates:
            wild: { provider: letsencrypt, domain_names: ["*.a.test"], dns: { provider: cloudflare, credentials: { env: DNS } } }
          access_lists:
            lan:
              items: [{ username: dad, password: { env: WORD } }]
              \(more)
          """)
      }
      try desire("")
      try await place.run("apply", "--yes", exits: 0)
      try await place.run("diff", "--exit-code", exits: 0)
      for file in try Files.below("\(place.scratch.path)").files where !file.contains("desired/") {
        let bytes = try Files.read(file)
        for text in ["Q*", "Quokka", "Quagga"] {
          #expect(!Files.holds(Array(text.utf8), in: bytes), "\(file) has \(text)")
        }
      }
      let foreign: JSONValue = [["username": "dad", "password": "other"]]
      _ = try await npm.asAdmin("PUT", "/api/nginx/access-lists/1", ["name": "lan", "items": foreign])
      let drift = try await place.run("diff")
      #expect(drift.output.contains("changed in NPM"), "\(drift.output)")
      try await place.run("apply", "--yes", exits: 0)
      try desire("satisfy_any: true")
      try await place.run("apply", "--yes", exits: 0)
      try await place.run("rollback", "--yes", exits: 0)
      #expect(try await npm.asAdmin("GET", "/api/nginx/access-lists/1")["satisfy_any"] == false)
      try desire("")
      place.variables["WORD"] = "Another-word"
      let changed = try await place.run("diff")
      #expect(changed.output.contains("items") && !changed.output.contains("changed in NPM"), "\(changed.output)")
      try await place.run("apply", "--yes", exits: 0)
      let back = try await place.run("rollback", "--yes")
      #expect(back.output.contains("the password of 'dad'"), "\(back.output)\(back.errors)")
      #expect(
        try await npm.asAdmin("GET", "/api/nginx/access-lists/1?expand=items")["items"].arrayValue?.first?["hint"]
          == "A***********")
    }
  }

  @Test func `only true can be kept, and only what NPM keeps`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      let wrong = "access_lists: { a: { items: [{ username: joe, password: { keep: false } }] } }\n"
      try place.scratch.write("desired/a.yaml", wrong)
      let run = try await place.run("validate")
      #expect(run.exit == 3 && run.output.contains("'keep' is true or absent"), "\(run.output)")
      let dns = "dns: { provider: cloudflare, credentials: { keep: true } }"
      try place.scratch.write(
        "desired/a.yaml", "certificates: { w: { provider: letsencrypt, domain_names: ['*.a.test'], \(dns) } }\n")
      let other = try await place.run("validate")
      #expect(other.exit == 3 && other.output.contains("NPM keeps no 'credentials'"), "\(other.output)")
    }
  }
}

/// What loses a password that only NPM has is never done.
@Suite struct KeptPasswordSafetyTests {
  private func list(_ name: String, _ users: [String: String], on npm: SimulatedNPM) async throws -> JSONValue {
    let items = users.sorted { $0.key < $1.key }.map {
      JSONValue.object(["username": .string($0.key), "password": .string($0.value)])
    }
    return try await npm.asAdmin(
      "POST", "/api/nginx/access-lists", ["name": .string(name), "items": .array(items), "clients": []])
  }

  private func guardedHost(_ list: JSONValue, on npm: SimulatedNPM) async throws {
    _ = try await npm.asAdmin(
      "POST", "/api/nginx/proxy-hosts",
      [
        "domain_names": ["app.test"], "forward_scheme": "http", "forward_host": "127.0.0.1", "forward_port": 80,
        "access_list_id": list["id"],
      ])
  }

  private func adopted(_ npm: SimulatedNPM) async throws -> Workplace {
    let place = try Workplace(npm)
    try await place.run("export", "--out", "desired", exits: 0)
    try await place.run("adopt", "--all", "--yes", exits: 0)
    return place
  }

  private func users(_ npm: SimulatedNPM, _ id: Int) async throws -> [JSONValue] {
    try await npm.asAdmin("GET", "/api/nginx/access-lists/\(id)?expand=items")["items"].arrayValue?
      .map { $0["username"] } ?? []
  }

  @Test func `a name that only looks the same is another user`() async throws {
    try await withSimulator { npm in
      try await guardedHost(try await list("fr", ["rene\u{301}": "geheim"], on: npm), on: npm)
      let place = try await adopted(npm)
      let text = try place.scratch.read("desired/access_lists.yaml")
      try place.scratch.write("desired/access_lists.yaml", text.replacing("rene\u{301}", with: "ren\u{e9}"))
      let run = try await place.run("apply", "--yes", "--no-probe")
      #expect(run.exit == 4 && run.output.contains("keep: true, but NPM has none"), "\(run.output)\(run.errors)")
      #expect(try await users(npm, 1) == [.string("rene\u{301}")])
      #expect(try await npm.served()["app.test"]?["access_list_id"] != 0)
    }
  }

  @Test func `a list that was made again by hand is found by its name, and guards again`() async throws {
    try await withSimulator { npm in
      try await guardedHost(try await list("family", ["dad": "one", "mum": "two"], on: npm), on: npm)
      let place = try await adopted(npm)
      _ = try await npm.asAdmin("DELETE", "/api/nginx/access-lists/1")
      _ = try await list("family", ["dad": "three", "mum": "four"], on: npm)
      let adopt = try await place.run("adopt", "--all", "--yes", "--accept-changes", "--no-probe")
      #expect(!adopt.output.contains("NPM has none"), "\(adopt.output)\(adopt.errors)")
      try await place.run("apply", "--yes", "--no-probe", exits: 0)
      let host = try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/1?expand=access_list.items")
      #expect(host["access_list"]["name"] == "family", "\(host)")
      #expect(host["access_list"]["items"].arrayValue?.map { $0["password"] } == ["three", "four"])
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  @Test func `half of a rename is not made, and the old passwords stay`() async throws {
    try await withSimulator { npm in
      _ = try await list("unused", ["x": "geheim"], on: npm)
      let place = try await adopted(npm)
      let text = try place.scratch.read("desired/access_lists.yaml")
      let renamed = text.replacing("  unused:", with: "  other:\n    name: unused")
      try place.scratch.write("desired/access_lists.yaml", renamed)
      let run = try await place.run("apply", "unused", "--policy", "sync", "--yes")
      #expect(run.exit == 0 && !run.output.contains("- unused"), "\(run.output)\(run.errors)")
      #expect(try await users(npm, 1) == ["x"])
      try await place.run("diff", "--policy", "sync", "--exit-code", exits: 0)
      // Under a name of its own NPM would have to have the passwords twice.
      try place.scratch.write("desired/access_lists.yaml", text.replacing("  unused:", with: "  third:"))
      let own = try await place.run("apply", "--policy", "sync", "--yes", "--allow-deletes")
      #expect(own.exit == 4 && own.output.contains("write 'name: unused' at 'third'"), "\(own.output)\(own.errors)")
      #expect(try await users(npm, 1) == ["x"])
    }
  }

  @Test func `a word that is given after a time of keeping is written, whatever was written before`() async throws {
    try await withSimulator { npm in
      try await guardedHost(try await list("family", ["dad": "first"], on: npm), on: npm)
      var place = try await adopted(npm)
      place.variables["DAD"] = "word of mine"
      let kept = try place.scratch.read("desired/access_lists.yaml")
      let given = kept.replacing("{ keep: true }", with: "{ env: DAD }")
      try place.scratch.write("desired/access_lists.yaml", given)
      try await place.run("apply", "--yes", exits: 0)
      try place.scratch.write("desired/access_lists.yaml", kept)
      try await place.run("apply", "--yes", exits: 0)
      // Of the same first letter and length.
      let items: JSONValue = [["username": "dad", "password": "wird of mine"]]
      _ = try await npm.asAdmin("PUT", "/api/nginx/access-lists/1", ["name": "family", "items": items])
      try place.scratch.write("desired/access_lists.yaml", given)
      try await place.run("diff", "--exit-code", exits: 2)
      try await place.run("apply", "--yes", exits: 0)
      let host = try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/1?expand=access_list.items")
      #expect(host["access_list"]["items"].arrayValue?.map { $0["password"] } == ["word of mine"])
    }
  }

  @Test func `a failed write is not followed by the status of before`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await place.run("status").output.contains("in sync since"))
      try place.desire("a", "a.test", port: 81)
      try await npm.nginx("broken")
      #expect(try await place.run("apply", "a", "--yes").exit == 5)
      #expect(try await !place.run("status").output.contains("in sync since"))
    }
  }
}
