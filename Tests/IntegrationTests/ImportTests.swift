import Foundation
import Model
import Platform
import TestSupport
import Testing

/// The way over from another tool: the real binary against the simulator.
@Suite struct ImportTests {
  /// wyrmctl's own examples, as a folder of its desired state.
  private static let examples = [
    "access-list-and-host.yaml": """
    apiVersion: npmctl.io/v1
    schemaVersion: 1
    access_lists:
      - name: private-admins
        api_payload: { satisfy_any: 0, items: [], clients: [] }
        meta: { managed_by: npmctl, owner: workload-a, resource_id: acl.private-admins }
    proxy_hosts:
      - domain_names: [admin.example.com]
        forward_host: 127.0.0.1
        forward_port: 8080
        access_list_ref: acl.private-admins
        meta: { managed_by: npmctl, owner: workload-a, resource_id: proxy.admin }
    """,
    "minimal-proxy-host.yaml": """
    apiVersion: npmctl.io/v1
    schemaVersion: 1
    proxy_hosts:
      - domain_names: [minimal.example.com]
        forward_host: 127.0.0.1
        forward_port: 8080
        meta: { managed_by: npmctl, owner: workload-a, resource_id: proxy.minimal }
    """,
    "wildcard-cert-and-host.yaml": """
    apiVersion: npmctl.io/v1
    schemaVersion: 1
    certificates:
      - name: wildcard-example
        domain_names: ["*.example.com", example.com]
        certificate_type: letsencrypt
        api_payload: { provider: letsencrypt, dns_challenge: true }
        meta: { managed_by: npmctl, owner: workload-a, resource_id: cert.wildcard-example }
    proxy_hosts:
      - domain_names: [wildcard-app.example.com]
        forward_host: 127.0.0.1
        forward_port: 3000
        certificate_ref: cert.wildcard-example
        ssl_forced: 1
        meta: { managed_by: npmctl, owner: workload-a, resource_id: proxy.wildcard-app }
    """,
    "proxy-host-with-existing-cert.yaml": """
    apiVersion: npmctl.io/v1
    schemaVersion: 1
    proxy_hosts:
      - domain_names: [cert-id.example.com]
        forward_host: 127.0.0.1
        forward_port: 3000
        certificate_id: 1
        ssl_forced: 1
        meta: { managed_by: npmctl, owner: workload-a, resource_id: proxy.cert-id }
    """,
  ]

  private func workplace(_ npm: SimulatedNPM) async throws -> Workplace {
    let place = try Workplace(npm)
    for (name, text) in Self.examples { try place.scratch.write("theirs/\(name)", text) }
    // wyrmctl has it made by hand: its own example does not say how the names are proven.
    try await npm.send("PUT", "/simulator/letsencrypt", ["issues": true])
    let certificate = try await npm.asAdmin(
      "POST", "/api/nginx/certificates",
      [
        "provider": "letsencrypt", "domain_names": ["*.example.com", "example.com"],
        "meta": ["dns_challenge": true, "dns_provider": "cloudflare", "dns_provider_credentials": "token = x"],
      ])
    #expect(certificate["id"] == 1)
    return place
  }

  private func expectInSync(_ place: Workplace, changes: Int) async throws {
    let diff = try await place.run("diff", "--exit-code", "-o", "json")
    #expect(diff.exit == 0, "\(diff.output)\(diff.errors)")
    #expect(diff.json["summary"]["unchanged"].intValue == changes, "\(diff.output)")
  }

  @Test func `wyrmctl's own examples are imported, applied and in sync`() async throws {
    try await withSimulator { npm in
      let place = try await workplace(npm)
      let run = try await place.run("import", "theirs", "--out", "desired")
      #expect(run.exit == 0, "\(run.errors)")
      // Their destinations do not exist.
      try place.scratch.write("desired/_defaults.yaml", "defaults:\n  proxy_hosts: { validate: off }\n")
      try await place.run("apply", "--yes", exits: 0)
      let served = try await npm.served()
      #expect(
        Set(served.keys) == [
          "admin.example.com", "minimal.example.com", "wildcard-app.example.com", "cert-id.example.com",
        ])
      let numbered = try await npm.asAdmin("GET", "/api/nginx/proxy-hosts").arrayValue ?? []
      #expect(numbered.filter { $0["certificate_id"] == 1 }.count == 2)
      #expect(numbered.filter { $0["access_list_id"] == 1 }.count == 1)
      try await expectInSync(place, changes: 5)
    }
  }

  @Test func `what wyrmctl made is taken over, and nothing is written but markers`() async throws {
    try await withSimulator { npm in
      let place = try await workplace(npm)
      try await makeAsWyrmctlDoes(npm)
      let before = try await rows(npm)
      try await place.run("import", "theirs", "--out", "desired", exits: 0)
      try await place.run("adopt", "--all", "--yes", exits: 0)
      try await expectInSync(place, changes: 5)
      #expect(try await rows(npm) == before)
    }
  }

  /// As recorded of wyrmctl 0.4.5: all fields, with its marker in `meta`.
  private func makeAsWyrmctlDoes(_ npm: SimulatedNPM) async throws {
    _ = try await npm.asAdmin(
      "POST", "/api/nginx/access-lists", ["name": "private-admins", "satisfy_any": false, "items": [], "clients": []])
    let hosts: [(domain: String, port: Int, id: String, certificate: Int, list: Int)] = [
      ("admin.example.com", 8080, "proxy.admin", 0, 1), ("minimal.example.com", 8080, "proxy.minimal", 0, 0),
      ("wildcard-app.example.com", 3000, "proxy.wildcard-app", 1, 0),
      ("cert-id.example.com", 3000, "proxy.cert-id", 1, 0),
    ]
    for host in hosts {
      _ = try await npm.asAdmin(
        "POST", "/api/nginx/proxy-hosts",
        [
          "domain_names": [.string(host.domain)], "forward_host": "127.0.0.1", "forward_port": .int(host.port),
          "forward_scheme": "http", "access_list_id": .int(host.list), "certificate_id": .int(host.certificate),
          "ssl_forced": .bool(host.certificate != 0), "caching_enabled": false, "block_exploits": false,
          "advanced_config": "", "allow_websocket_upgrade": false, "http2_support": false, "enabled": true,
          "locations": [], "hsts_enabled": false, "hsts_subdomains": false,
          "meta": ["managed_by": "wyrmctl", "owner": "workload-a", "resource_id": .string(host.id)],
        ])
    }
  }

  /// Without what adoption may change.
  private func rows(_ npm: SimulatedNPM) async throws -> [JSONValue] {
    try await (npm.asAdmin("GET", "/api/nginx/proxy-hosts").arrayValue ?? []).map { row in
      var members = row.objectValue ?? [:]
      for name in ["meta", "modified_on"] { members[name] = nil }
      return .object(members)
    }
  }

  @Test func `errors and exit codes are those of every command`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write("other.yaml", "hosts: [a]\n")
      let unknown = try await place.run("import", "other.yaml")
      #expect(unknown.exit == 3)
      #expect(unknown.errors.contains("other.yaml:1:1: error[unknown-format]"), "\(unknown.errors)")
      try await place.run("import", "missing.yaml", exits: 1)
      try await place.run("import", exits: 64)
      try place.scratch.write("broken.yaml", "services: [\n")
      try await place.run("import", "broken.yaml", exits: 3)
      try place.scratch.write("none.yaml", "services: { web: { image: web } }\n")
      try await place.run("import", "none.yaml", exits: 1)
    }
  }
}
