import Model
import TestSupport
import Testing

/// `certificate: auto` and `auto_request` with conflicting names, policies and hosts. The real binary.
@Suite struct AutomaticCertificateTests {
  private func host(_ name: String, _ domains: String, _ more: String = "", requests: Bool = true) -> String {
    "  \(name): { domain_names: [\(domains)], forward: 'http://127.0.0.1', validate: off, certificate: auto"
      + "\(requests ? ", auto_request: true" : "")\(more) }\n"
  }

  private func issuing(_ body: (SimulatedNPM, Workplace) async throws -> Void) async throws {
    try await withSimulator { npm in
      try await npm.send("PUT", "/simulator/letsencrypt", ["issues": true])
      try await body(npm, try Workplace(npm))
    }
  }

  private func names(_ npm: SimulatedNPM) async throws -> [String] {
    let rows = try await npm.asAdmin("GET", "/api/nginx/certificates").arrayValue ?? []
    return rows.compactMap { $0["nice_name"].stringValue }.sorted()
  }

  private func requests(_ npm: SimulatedNPM) async throws -> Int {
    try await npm.writes().count { $0["path"] == "/api/nginx/certificates" && $0["method"] == "POST" }
  }

  @Test func `hosts of two kinds may have one name, and people their own names`() async throws {
    try await issuing { npm, place in
      try place.scratch.write(
        "desired/a.yaml",
        """
        certificates: { auto-blog: { provider: letsencrypt, domain_names: [other.test] } }
        proxy_hosts:
        \(host("blog", "a.test"))
        redirection_hosts:
          blog: { domain_names: [b.test], forward_domain_name: a.test, certificate: auto, auto_request: true }
        """)
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      #expect(try await names(npm) == ["a.test", "b.test", "other.test"])
      let redirection = try await npm.asAdmin("GET", "/api/nginx/redirection-hosts?expand=certificate")
      #expect(redirection.arrayValue?.first?["certificate"]["nice_name"] == "b.test")
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  @Test func `with other domains another certificate is requested, with another name none`() async throws {
    try await issuing { npm, place in
      try place.scratch.write("desired/a.yaml", "proxy_hosts:\n" + host("blog", "a.test"))
      try await place.run("apply", "--yes", exits: 0)
      try place.scratch.write("desired/a.yaml", "proxy_hosts:\n" + host("blog", "a.test, w.a.test"))
      let wider = try await place.run("apply", "--yes", "--policy", "sync")
      #expect(wider.exit == 0, "\(wider.output)\(wider.errors)")
      #expect(try await names(npm) == ["a.test, w.a.test"])
      let before = try await requests(npm)
      try place.scratch.write("desired/a.yaml", "proxy_hosts:\n" + host("news", "a.test, w.a.test"))
      let renamed = try await place.run("apply", "--yes")
      #expect(renamed.exit == 0 && renamed.output.contains("renamed from 'blog'"), "\(renamed.output)")
      #expect(try await requests(npm) == before)
    }
  }

  @Test func `auto sees what the YAML requests, and asks for nothing twice`() async throws {
    try await issuing { npm, place in
      let text = "certificates: { c: { provider: letsencrypt, domain_names: [a.test] } }\nproxy_hosts:\n"
      try place.scratch.write("desired/a.yaml", text + host("a", "a.test"))
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      #expect(try await names(npm) == ["a.test"])
      #expect(try await npm.served()["a.test"]?["certificate_id"] == 1)
      try await place.run("diff", "--exit-code", exits: 0)
      try place.scratch.write(
        "desired/b.yaml",
        "proxy_hosts: { b: { domain_names: [b.test], forward: 'http://h', certificate: c, ssl_forced: true } }\n")
      let wrong = try await place.run("validate")
      #expect(wrong.exit == 3 && (wrong.output + wrong.errors).contains("[certificate-names]"))
    }
  }

  @Test func `a certificate that leaves the YAML is replaced where it may be, and kept where it may not`() async throws
  {
    try await issuing { npm, place in
      let declared = "certificates: { c: { provider: letsencrypt, domain_names: [a.test, b.test] } }\nproxy_hosts:\n"
      let hosts = host("a", "a.test") + host("b", "b.test", requests: false)
      try place.scratch.write("desired/a.yaml", declared + hosts)
      try await place.run("apply", "--yes", exits: 0)
      try place.scratch.write("desired/a.yaml", "proxy_hosts:\n" + hosts)
      let run = try await place.run("apply", "--yes", "--policy", "sync")
      #expect(run.output.contains("still uses it"), "\(run.output)\(run.errors)")
      #expect(try await names(npm) == ["a.test", "a.test, b.test"])
      #expect(try await npm.served()["a.test"]?["certificate_id"] == 2)
      #expect(try await npm.served()["b.test"]?["certificate_id"] == 1)
    }
  }

  @Test func `nothing is requested for a host that is not written`() async throws {
    try await issuing { npm, place in
      _ = try await npm.createByHand("taken.test")
      let dead = try reservedPort()
      try place.scratch.write(
        "desired/a.yaml",
        "proxy_hosts:\n" + host("off", "off.test", ", enabled: false")
          + host("later", "later.test", ", suspend: { until: 2099-01-01, reason: x }") + host("taken", "taken.test")
          + host("wild", "'*.w.test'")
          + "  dead: { domain_names: [dead.test], forward: 'http://127.0.0.1:\(dead)', certificate: auto, auto_request: true }\n"
      )
      let run = try await place.run("apply", "--yes")
      #expect(run.output.contains("a wildcard is requested by DNS only"), "\(run.output)\(run.errors)")
      #expect(try await requests(npm) == 0, "\(run.output)")
    }
  }

  @Test func `an older NPM's wish for an address names the setting`() async throws {
    try await withSimulator("2.12.6") { npm in
      let place = try Workplace(npm)
      try place.scratch.write("desired/a.yaml", "proxy_hosts:\n" + host("a", "a.test"))
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 4 && run.output.contains("certificates.letsencrypt_email"), "\(run.output)")
    }
  }
}
