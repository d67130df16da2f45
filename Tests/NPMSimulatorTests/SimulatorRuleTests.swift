import Model
import TestSupport
import Testing

/// Rules of NPM that the recordings show, one per test.
@Suite struct SimulatorRuleTests {
  private func host(_ domain: String, _ fields: [String: JSONValue] = [:]) -> JSONValue {
    .object(
      [
        "domain_names": [.string(domain)], "forward_scheme": "http", "forward_host": "h", "forward_port": 80,
      ].merging(fields) { $1 })
  }

  private let hosts = "/api/nginx/proxy-hosts"

  @Test func `a 201 says nothing of nginx, a read does`() async throws {
    try await withSimulator { npm in
      let answer = try await npm.asAdmin("POST", hosts, host("a.test", ["advanced_config": "no_such_thing on;"]))
      #expect(answer["meta"] == [:])
      let seen = try await npm.asAdmin("GET", "\(hosts)/1")
      #expect(seen["meta"]["nginx_online"] == false)
      #expect(seen["meta"]["nginx_err"].stringValue?.contains("unknown directive \"no_such_thing\"") == true)
      #expect(try await npm.served()["a.test"] == nil)
    }
  }

  @Test func `breaking a good host by PUT takes it off the air`() async throws {
    try await withSimulator { npm in
      try await npm.asAdmin("POST", hosts, host("a.test"))
      #expect(try await npm.served()["a.test"] != nil)
      try await npm.asAdmin("PUT", "\(hosts)/1", ["advanced_config": "proxy_pass http://x;"])
      #expect(try await npm.served()["a.test"] == nil)
    }
  }

  @Test(arguments: [("~ ^/a", "/b", false), ("~ ^/a(.*)", "/b$1", true), ("@a", "/", false), ("/a", "/b", true)])
  func `nginx has no place for a path behind a pattern`(path: String, target: String, hasNginxState: Bool) async throws
  {
    try await withSimulator { npm in
      var body = host("a.test").objectValue ?? [:]
      body["locations"] = [
        [
          "path": .string(path), "forward_scheme": "http", "forward_host": "10.0.0.1", "forward_port": 80,
          "forward_path": .string(target),
        ]
      ]
      try await npm.asAdmin("POST", hosts, .object(body))
      #expect(try await npm.served().isEmpty != hasNginxState)
    }
  }

  @Test func `PUT enabled false leaves the host served, disable does not`() async throws {
    try await withSimulator { npm in
      try await npm.asAdmin("POST", hosts, host("a.test"))
      try await npm.asAdmin("PUT", "\(hosts)/1", ["enabled": false])
      #expect(try await npm.served()["a.test"] != nil)
      try await npm.asAdmin("PUT", "\(hosts)/1", ["enabled": true])
      try await npm.asAdmin("POST", "\(hosts)/1/disable")
      #expect(try await npm.served()["a.test"] == nil)
    }
  }

  @Test func `while nginx is broken a write says 500 and is stored all the same`() async throws {
    try await withSimulator { npm in
      try await npm.nginx("broken")
      let token = try await npm.token()
      #expect(try await npm.send("POST", hosts, host("a.test"), token: token).status == 500)
      #expect(try await npm.send("POST", hosts, host("a.test"), token: token).status == 400)
      #expect(try await npm.hosts().count == 1)
      #expect(try await npm.hosts()[0]["meta"] == [:])
    }
  }

  @Test func `an id is never used again and a name is free at once`() async throws {
    try await withSimulator { npm in
      try await npm.asAdmin("POST", hosts, host("a.test"))
      try await npm.asAdmin("DELETE", "\(hosts)/1")
      #expect(try await npm.asAdmin("POST", hosts, host("A.test"))["id"] == 2)
    }
  }

  @Test func `the audit log names who did what`() async throws {
    try await withSimulator { npm in
      try await npm.asAdmin("POST", hosts, host("a.test"))
      let log = try await npm.asAdmin("GET", "/api/audit-log?expand=user").arrayValue ?? []
      #expect(log.first?["action"] == "created" && log.first?["object_type"] == "proxy-host")
      #expect(log.first?["user"]["email"] == "admin@example.com")
    }
  }

  @Test(arguments: [
    ("client_max_body_size 0;", true), ("client_max_body_size big;", false), ("# {{ liquid }} {% if %}", true),
    ("location / { return 204; }", true), ("location /q {", false), ("} server { server_name x; ", true),
    ("add_header X 1", false), ("return 301 \"https://x;y\";", true), ("set $a ${host}c;", true),
    ("set $a ${b}c;", false),
    ("if ($host = a) { return 404; }", true), ("worker_processes 4;", false), ("proxy_set_header X-A b;", true),
    ("}", false),
  ])
  func `advanced config is judged as nginx would`(text: String, isTaken: Bool) async throws {
    try await withSimulator { npm in
      try await npm.asAdmin("POST", hosts, host("a.test", ["advanced_config": .string(text)]))
      #expect(try await npm.asAdmin("GET", "\(hosts)/1")["meta"]["nginx_online"] == .bool(isTaken))
    }
  }

  @Test func `faults hit as many requests as they are told, before or after the write`() async throws {
    try await withSimulator { npm in
      let token = try await npm.token()
      func rule(_ when: String) -> JSONValue {
        [
          "method": "POST", "path": .string(hosts), "when": .string(when), "action": "status", "status": 500,
          "count": 1,
        ]
      }
      try await npm.faults([rule("before")])
      #expect(try await npm.send("POST", hosts, host("a.test"), token: token).status == 500)
      #expect(try await npm.hosts().isEmpty)
      try await npm.faults([rule("after")])
      #expect(try await npm.send("POST", hosts, host("a.test"), token: token).status == 500)
      #expect(try await npm.hosts().count == 1)
      #expect(try await npm.send("POST", hosts, host("b.test"), token: token).status == 201)
    }
  }
}
