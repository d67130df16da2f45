import Model
import TestSupport
import Testing

/// Let's Encrypt requests that fail midway: no host stays without TLS and access control, and "in sync" is not reported
/// meanwhile. The real binary.
@Suite struct InterruptedRequestTests {
  private static let request = "certificates:\n  x: { provider: letsencrypt, domain_names: [a.test] }\n"
  private static let path: JSONValue = "/api/nginx/certificates"

  /// A hand-made host with basic authentication.
  private func guarded(_ npm: SimulatedNPM, _ domain: String) async throws {
    let list = try await npm.asAdmin("POST", "/api/nginx/access-lists", ["name": "g", "items": [], "clients": []])
    let id = try await npm.createByHand(domain)
    try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/\(id)", ["access_list_id": list["id"]])
  }

  private func isGuarded(_ npm: SimulatedNPM, _ domain: String) async throws -> Bool {
    try await npm.served()[domain]?["access_list_id"] == 1
  }

  private func killed(_ npm: SimulatedNPM, _ place: Workplace) async throws {
    try await npm.faults([["method": "POST", "path": Self.path, "when": "after", "action": "stall"]])
    let program = try place.start("apply", "--yes")
    while try await !npm.writes().contains(where: { $0["path"] == Self.path && $0["isDone"] == true }) {
      await Task.yield()
    }
    program.killHard()
    _ = await program.result()
    try await npm.faults([])
  }

  @Test(arguments: [true, false])
  func `a kill in the middle of a request leaves nobody bare`(issues: Bool) async throws {
    try await withSimulator { npm in
      try await npm.send("PUT", "/simulator/letsencrypt", ["issues": .bool(issues)])
      try await guarded(npm, "a.test")
      let place = try Workplace(npm)
      try place.scratch.write("desired/a.yaml", Self.request)
      try await killed(npm, place)
      #expect(try await !isGuarded(npm, "a.test"))
      // Also if the certificate is no longer in the YAML.
      if !issues { try place.scratch.write("desired/a.yaml", "dead_hosts: { d: { domain_names: [d.test] } }\n") }
      let diff = try await place.run("diff", "--exit-code", "--write-status")
      #expect(diff.exit == 2 && diff.errors.contains("[request-interrupted]"), "\(diff.output)\(diff.errors)")
      #expect(try await place.run("status").output.contains("differs"))
      let again = try await place.run("apply", "--yes")
      #expect(again.exit == 0, "\(again.output)\(again.errors)")
      #expect(try await isGuarded(npm, "a.test"))
      // NPM did not report the end of a request without a result: it may remove access control from hosts again.
      #expect(try await place.run("diff", "--exit-code").exit == (issues ? 0 : 2))
    }
  }

  @Test func `hosts that could not be written again are remembered until they are`() async throws {
    try await withSimulator { npm in
      try await npm.send("PUT", "/simulator/letsencrypt", ["issues": true])
      try await guarded(npm, "a.test")
      let place = try Workplace(npm)
      try place.scratch.write("desired/a.yaml", Self.request)
      try await npm.faults([
        [
          "method": "PUT", "path": "/api/nginx/proxy-hosts", "when": "before", "action": "status", "status": 502,
          "count": 50,
        ]
      ])
      let failed = try await place.run("apply", "--yes")
      #expect(failed.exit == 5 && failed.output.contains("took TLS and access control off a.test"), "\(failed.output)")
      let still = try await place.run("apply", "--yes")
      #expect(still.exit == 5 && still.errors.contains("[request-interrupted]"), "\(still.output)\(still.errors)")
      try await place.run("diff", "--exit-code", exits: 2)
      try await npm.faults([])
      let healed = try await place.run("apply", "--yes")
      #expect(healed.exit == 0, "\(healed.output)\(healed.errors)")
      #expect(try await isGuarded(npm, "a.test"))
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  @Test func `a host that came while certbot was at work is written again, too`() async throws {
    try await withSimulator { npm in
      try await npm.send("PUT", "/simulator/letsencrypt", ["issues": true])
      let place = try Workplace(npm)
      try place.scratch.write("desired/a.yaml", Self.request)
      try await npm.faults([
        ["method": "POST", "path": Self.path, "when": "before", "action": "delay", "delay_ms": 1500]
      ])
      let program = try place.start("apply", "--yes")
      while try await !npm.writes().contains(where: { $0["path"] == Self.path }) { await Task.yield() }
      try await guarded(npm, "a.test")
      let run = await program.result()
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      #expect(try await isGuarded(npm, "a.test"))
    }
  }
}
