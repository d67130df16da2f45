import Model
import TestSupport
import Testing

/// "I already have 200 hosts": the real binary and a hand-made system.
@Suite struct AdoptionTests {
  @Test(arguments: [false, true])
  func `200 hosts of all sorts are exported, found in sync, adopted, and in sync again`(splits: Bool) async throws {
    try await withSimulator { npm in
      try await HandMade.fill(npm, count: 200)
      let place = try Workplace(npm)
      let exported = try await place.run(["export", "--out", "desired"] + (splits ? ["--split"] : []))
      #expect(exported.exit == 0, "\(exported.errors)")
      // Two access lists share a name, so it is ambiguous: hosts refer to them by id.
      #expect(exported.errors.split(separator: "\n").count { $0.contains("NPM has several of that name") } == 2)
      let files = splits ? "206 files" : "3 files"
      #expect(exported.output == "204 objects written to \(files) in desired/\n")
      let before = try await npm.writes().count
      let diff = try await place.run("diff", "--exit-code", "-o", "json")
      #expect(diff.exit == 0, "\(diff.output.prefix(2000))")
      #expect(diff.json["changes"].arrayValue?.isEmpty == true)
      #expect(diff.json["adoptable"].arrayValue?.count == 203)
      let dry = try await place.run("adopt", "--all", "--dry-run", "--no-probe")
      #expect(dry.exit == 0 && dry.output.contains("203 to adopt"))
      #expect(try await npm.writes().count == before)
      let adopted = try await place.run("adopt", "--all", "--yes", "--no-probe", "-o", "json")
      #expect(adopted.exit == 0, "\(adopted.output.prefix(2000))")
      let after = try await place.run("diff", "--exit-code", "-o", "json")
      #expect(after.exit == 0)
      #expect(after.json["summary"]["unchanged"] == 204)
      let markers = try await npm.hosts().map { $0["meta"]["reconciler"]["owner"] }
      #expect(markers.count == 200 && markers.allSatisfy { $0 == "reconciler" })
      #expect(try await npm.hosts().allSatisfy { $0["meta"]["note"] == "by hand" })
    }
  }

  @Test func `export leaves other owners alone and refuses a directory that is in use`() async throws {
    try await withSimulator { npm in
      let theirs: JSONValue = ["reconciler": ["owner": "them", "name": "x", "fingerprint": ""]]
      _ = try await npm.createByHand("theirs.test", meta: theirs)
      _ = try await npm.createByHand("mine.test")
      let place = try Workplace(npm)
      let text = try await place.run("export")
      #expect(text.exit == 0)
      #expect(text.output.contains("mine:  # host 2") && !text.output.contains("theirs.test"))
      #expect(text.errors.contains("marker-foreign"))
      try place.desire("a", "a.test")
      let refused = try await place.run("export", "--out", "desired")
      #expect(refused.exit == 1 && refused.errors.contains("output-failed"))
      #expect(try place.scratch.read("desired/a.yaml").contains("a.test"))
    }
  }

  @Test func `an address without brackets is exported, and put right when that is applied`() async throws {
    try await withSimulator { npm in
      _ = try await npm.createByHand("six.test", host: "fd00::1")
      let place = try Workplace(npm)
      let exported = try await place.run("export", "--out", "desired")
      #expect(exported.exit == 0 && exported.output.contains("2 objects written"), "\(exported.output)")
      #expect(exported.errors.contains("it is read as '[fd00::1]'"))
      let diff = try await place.run("diff", "--no-probe")
      #expect(diff.output.contains("fd00::1 -> [fd00::1]"), "\(diff.output)")
    }
  }

  @Test func `adopt takes one name, refuses what differs, and names the other owner`() async throws {
    try await withSimulator { npm in
      _ = try await npm.createByHand("one.test")
      _ = try await npm.createByHand("two.test")
      let place = try Workplace(npm)
      try place.desire("one", "one.test", port: 8080)
      try place.desire("two", "two.test")
      #expect(try await place.run("adopt").exit == 64)
      let unknown = try await place.run("adopt", "onne", "--yes")
      #expect(unknown.exit == 3 && unknown.errors.contains("did you mean 'one'?"))
      let refused = try await place.run("adopt", "one", "--yes")
      #expect(refused.exit == 4)
      #expect(refused.output.contains("--accept-changes"))
      let taken = try await place.run("adopt", "one", "--accept-changes", "--yes")
      #expect(taken.exit == 0, "\(taken.output)\(taken.errors)")
      #expect(try await npm.served()["one.test"]?["forward_port"] == 8080)
      #expect(try await npm.served()["two.test"]?["forward_host"] == "10.9.9.9")
    }
  }
}

/// Hosts as they accumulate over the years.
enum HandMade {
  static func fill(_ npm: SimulatedNPM, count: Int) async throws {
    for name in ["lan", "family", "odd: name", "twin", "twin"] {
      try await npm.asAdmin("POST", "/api/nginx/access-lists", ["name": .string(name), "items": [], "clients": []])
    }
    for name in ["wildcard", "auto", "none", "twin", "twin"] {
      try await npm.asAdmin("POST", "/api/nginx/certificates", ["provider": "other", "nice_name": .string(name)])
    }
    for index in 0..<count {
      let made = try await npm.asAdmin("POST", "/api/nginx/proxy-hosts", host(index))
      let id = try #require(made["id"].intValue, "host \(index): \(made)")
      if index % 9 == 4 { try await npm.asAdmin("POST", "/api/nginx/proxy-hosts/\(id)/disable") }
    }
  }

  private static let configs = [
    "", "client_max_body_size 0;", "client_max_body_size 0;\n", "proxy_read_timeout 1h;\nproxy_buffering off;\n",
    "# comment: with \"quotes\"\nadd_header X-A \"b: c\";\n\n\nadd_header X-B 'd';", "\tproxy_buffering off;\r\n",
    "  add_header X-Indent 1;\n", "add_header Authorization \"x\";", "add_header X-U \"\u{e9}\u{4e2d}\u{1f600}\";\n\n",
  ]
  private static let destinations = [
    "10.0.0.1", "nas", "nas.lan", "[::1]", "[fd00::1]", "my_container", "host.docker.internal",
  ]

  private static func host(_ index: Int) -> JSONValue {
    var domains: [JSONValue] = [.string("app\(index).example.com")]
    if index % 5 == 1 { domains.append(.string("WWW.app\(index).example.org")) }
    if index % 17 == 2 { domains = [.string("*.zone\(index).example.com")] }
    if index % 23 == 3 { domains = [.string("www.app.site\(index).net")] }
    if index % 31 == 5 { domains = [.string("b\u{fc}cher\(index).example.com")] }
    if index % 29 == 7 { domains += (0..<12).map { .string("alias\($0).of-a-long-name-\(index).example.com") } }
    let certificate = index % 4 == 0 ? index / 4 % 5 + 1 : 0
    var body: [String: JSONValue] = [
      "domain_names": .array(domains), "forward_scheme": index % 6 == 0 ? "https" : "http",
      "forward_host": .string(destinations[index % destinations.count]), "forward_port": .int(80 + index),
      "certificate_id": .int(certificate), "access_list_id": .int(index % 7 == 0 ? index / 7 % 5 + 1 : 0),
      "ssl_forced": .bool(index % 2 == 0), "http2_support": .bool(index % 8 == 0),
      "hsts_enabled": .bool(index % 16 == 0),
      "caching_enabled": .bool(index % 3 == 0), "block_exploits": .bool(index % 3 == 1),
      "allow_websocket_upgrade": .bool(index % 5 == 0), "advanced_config": .string(configs[index % configs.count]),
      "meta": ["note": "by hand"],
    ]
    if index % 6 == 2 {
      body["locations"] = [
        [
          "path": "/api", "forward_scheme": "http", "forward_host": "10.0.0.7", "forward_port": 8080,
          "forward_path": index % 12 == 2 ? "/v2" : "",
          "advanced_config": .string(index % 4 == 2 ? "proxy_buffering off;\n" : ""),
        ],
        ["path": "~ ^/(a|b)?$", "forward_scheme": "https", "forward_host": "nas", "forward_port": 443],
      ]
    }
    return .object(body)
  }
}
