import Model
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
