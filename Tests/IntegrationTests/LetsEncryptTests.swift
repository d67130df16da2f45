import Model
import Platform
import TestSupport
import Testing

/// Certificates that NPM requests, with a simulator that issues or refuses them. The real binary.
@Suite struct LetsEncryptTests {
  private static func text(_ more: String = "", names: String = "a.test") -> String {
    """
    certificates:
      site: { provider: letsencrypt, domain_names: [\(names), app.test]\(more) }
    proxy_hosts:
      app: { domain_names: [app.test], forward: "http://127.0.0.1:80", validate: off, certificate: site, ssl_forced: true }
    """ + "\n"
  }

  private func certificates(_ npm: SimulatedNPM) async throws -> [JSONValue] {
    try await npm.asAdmin("GET", "/api/nginx/certificates").arrayValue ?? []
  }

  /// A host of another owner, with access control and a name that the request shares.
  private func guarded(_ npm: SimulatedNPM, _ domain: String) async throws -> Int {
    let list = try await npm.asAdmin("POST", "/api/nginx/access-lists", ["name": "g", "items": [], "clients": []])
    let id = try await npm.createByHand(domain)
    try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/\(id)", ["access_list_id": list["id"]])
    return id
  }

  @Test(arguments: SimulatedNPM.versions)
  func `a certificate is requested before its host, and hosts that share a name keep their guard`(
    version: String
  ) async throws {
    try await withSimulator(version) { npm in
      try await npm.send("PUT", "/simulator/letsencrypt", ["issues": true])
      _ = try await guarded(npm, "a.test")
      let before = try await npm.hosts()
      var place = try Workplace(npm)
      place.variables = ["DNS_TOKEN": "dns-secret"]
      let email = version == "2.12.6" ? ", letsencrypt_email: me@example.com" : ", key_type: ecdsa"
      let dns = ", dns: { provider: cloudflare, credentials: { env: DNS_TOKEN }, propagation_seconds: 30 }"
      try place.scratch.write("desired/all.yaml", Self.text(email + dns, names: "a.test, \"*.app.test\""))
      let diff = try await place.run("diff")
      #expect(diff.output.contains("NPM drops TLS and access control of a.test meanwhile"), "\(diff.output)")
      let run = try await place.run("apply", "--yes", "-v")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      let made = try await certificates(npm)[0]
      #expect(made["nice_name"] == "*.app.test, a.test, app.test")
      #expect(made["meta"]["dns_provider_credentials"] == "dns-secret" && made["meta"]["propagation_seconds"] == 30)
      #expect(made["meta"]["letsencrypt_agree"] == (version == "2.12.6" ? true : .null))
      #expect(try await npm.served()["a.test"]?["access_list_id"] == 1)
      #expect(try await npm.served()["app.test"]?["certificate_id"] == 1)
      let after = try await npm.hosts().filter { $0["domain_names"] == ["a.test"] }
      for key in ["access_list_id", "meta", "forward_port"] { #expect(after[0][key] == before[0][key]) }
      let again = try await place.run("diff", "--exit-code")
      #expect(again.exit == 0, "\(again.output)")
      #expect(!(run.output + run.errors + diff.output).contains("dns-secret"))
    }
  }

  @Test func `a request that fails leaves nobody bare, says why, and has a budget`() async throws {
    try await withSimulator { npm in
      _ = try await guarded(npm, "a.test")
      let place = try Workplace(npm)
      try place.scratch.write("desired/all.yaml", Self.text())
      for _ in 0..<4 {
        let run = try await place.run("apply", "--yes")
        #expect(run.exit == 5)
        #expect(run.output.contains("the names do not lead anywhere in DNS"), "\(run.output)")
        #expect(run.output.contains("'site' had to be changed first, and failed"), "\(run.output)")
        #expect(try await npm.served()["a.test"]?["access_list_id"] == 1)
      }
      let before = try await npm.writes().count
      let refused = try await place.run("apply", "--yes")
      #expect(
        refused.exit == 4 && refused.output.contains("4 requests for these names within a week"), "\(refused.output)")
      #expect(try await npm.writes().count == before)
      #expect(try await certificates(npm).isEmpty)
      #expect(try await npm.hosts().count == 1)
    }
  }

  @Test func `what cannot be changed, and what NPM's release wants, is said before`() async throws {
    try await withSimulator { npm in
      try await npm.send("PUT", "/simulator/letsencrypt", ["issues": true])
      let place = try Workplace(npm)
      try place.scratch.write("desired/all.yaml", Self.text())
      try await place.run("apply", "--yes", exits: 0)
      try place.scratch.write("desired/all.yaml", Self.text(names: "b.test, a.test"))
      let changed = try await place.run("apply", "--yes")
      #expect(
        changed.exit == 4 && changed.output.contains("NPM cannot change 'nice_name' of a certificate"),
        "\(changed.output)")
      try place.scratch.write("desired/all.yaml", Self.text(names: "\"*.a.test\""))
      let wild = try await place.run("validate")
      #expect(
        wild.exit == 3 && wild.errors.contains("proves '*.a.test' by DNS only") || wild.output.contains("by DNS only"))
    }
    try await withSimulator("2.12.6") { npm in
      let place = try Workplace(npm)
      try place.scratch.write("desired/all.yaml", Self.text())
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 4 && run.output.contains("wants 'letsencrypt_email'"), "\(run.output)")
      #expect(try await npm.writes().isEmpty)
    }
  }

  @Test func `a request whose answer is lost is found again and not repeated`() async throws {
    try await withSimulator { npm in
      try await npm.send("PUT", "/simulator/letsencrypt", ["issues": true])
      let place = try Workplace(npm)
      try place.scratch.write("desired/all.yaml", Self.text())
      try await npm.faults([["method": "POST", "path": "/api/nginx/certificates", "when": "after", "action": "reset"]])
      _ = try await place.run("apply", "--yes")
      try await npm.faults([])
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await certificates(npm).count == 1)
      #expect(try await npm.writes().count { $0["path"] == "/api/nginx/certificates" } == 1)
    }
  }

  @Test(arguments: SimulatedNPM.versions)
  func `a host may have its certificate requested where none fits`(version: String) async throws {
    try await withSimulator(version) { npm in
      try await npm.send("PUT", "/simulator/letsencrypt", ["issues": true])
      let place = try Workplace(npm)
      try place.scratch.write("reconciler.yaml", "certificates: { letsencrypt_email: me@example.com }\n")
      let host =
        "  app: { domain_names: [b.test, a.test], forward: 'http://127.0.0.1', validate: off, certificate: auto, auto_request: true }\n"
      try place.scratch.write("desired/all.yaml", "proxy_hosts:\n" + host)
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      #expect(try await certificates(npm).map { $0["nice_name"] } == ["a.test, b.test"])
      #expect(try await npm.served()["a.test"]?["certificate_id"] == 1)
      let again = try await place.run("diff", "--exit-code")
      #expect(again.exit == 0, "\(again.output)")
      // A better one appears: the requested one is deleted once no host uses it.
      let now = Int(Timestamp.now.seconds)
      let exact = try TestCertificate.make(names: ["a.test", "b.test"], days: 300, from: now - 86400)
      let hand = try await npm.asAdmin("POST", "/api/nginx/certificates", ["provider": "other", "nice_name": "hand"])
      try await npm.upload(exact, to: hand["id"].intValue ?? 0)
      let swept = try await place.run("apply", "--yes", "--policy", "sync")
      #expect(swept.exit == 0, "\(swept.output)\(swept.errors)")
      #expect(try await certificates(npm).map { $0["nice_name"] } == ["hand"])
      #expect(try await npm.served()["a.test"]?["certificate_id"] == hand["id"])
    }
  }
}
