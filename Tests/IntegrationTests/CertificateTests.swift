import Model
import Platform
import TestSupport
import Testing

/// Certificates from files: the checks, the upload to NPM, and what nginx serves. The real binary.
@Suite struct CertificateTests {
  private static let now = Int(Timestamp.now.seconds)

  private func write(_ made: TestCertificate, to place: Workplace, as name: String = "wild") throws {
    try place.scratch.write("desired/certs/\(name).pem", made.certificate)
    try place.scratch.write("desired/certs/\(name).key", made.key)
  }

  private static func text(_ host: String = "certificate: wild, ssl_forced: true", domain: String = "a.example.com")
    -> String
  {
    """
    certificates:
      wild:
        certificate: { file: certs/wild.pem }
        certificate_key: { file: certs/wild.key }
    proxy_hosts:
      app: { domain_names: [\(domain)], forward: "http://127.0.0.1:80", validate: off, \(host) }
    """ + "\n"
  }

  private func certificates(_ npm: SimulatedNPM) async throws -> [JSONValue] {
    try await npm.asAdmin("GET", "/api/nginx/certificates").arrayValue ?? []
  }

  @Test(arguments: SimulatedNPM.versions)
  func `a certificate is uploaded, used, renewed, served anew and given up`(version: String) async throws {
    try await withSimulator(version) { npm in
      let place = try Workplace(npm)
      try place.scratch.write("desired/all.yaml", Self.text())
      let first = try TestCertificate.make(names: ["*.example.com"], days: 90, from: Self.now - 86400)
      try write(first, to: place)
      let made = try await place.run("apply", "--yes", "-v")
      #expect(made.exit == 0, "\(made.output)\(made.errors)")
      try await place.run("diff", "--exit-code", exits: 0)
      #expect(try await npm.served()["a.example.com"]?["certificate_id"] == 1)
      #expect(try await certificates(npm)[0]["meta"]["certificate"] == .string(first.certificate))
      let renewed = try TestCertificate.make(names: ["*.example.com"], days: 90, from: Self.now)
      try write(renewed, to: place)
      let before = try await npm.reloads()
      let diff = try await place.run("diff", "--exit-code")
      #expect(diff.exit == 2 && diff.output.contains("certificate "), "\(diff.output)")
      let run = try await place.run("apply", "--yes", "-v")
      #expect(run.exit == 0, "\(run.output)\(run.errors)")
      #expect(try await certificates(npm)[0]["meta"]["certificate"] == .string(renewed.certificate))
      #expect(try await npm.reloads() > before, "NPM does not reload after an upload")
      try await place.run("diff", "--exit-code", exits: 0)
      let said = made.output + made.errors + run.output + run.errors + (try place.scratch.read("status/status.json"))
      #expect(!said.contains("PRIVATE KEY"))
      let store = try Files.read("\(place.scratch.path)/.reconciler/state.db")
      #expect(!String(decoding: store, as: UTF8.self).contains("PRIVATE KEY"))
      let none = Self.text("certificate: none").split(separator: "proxy_hosts:")[1]
      try place.scratch.write("desired/all.yaml", "proxy_hosts:" + none)
      try await place.run("apply", "--yes", "--policy", "sync", exits: 0)
      #expect(try await certificates(npm).isEmpty)
    }
  }

  @Test func `what NPM would not notice is refused with its place`() async throws {
    let good = try TestCertificate.make(names: ["a.example.com"], days: 90, from: Self.now - 86400)
    let other = try TestCertificate.make(names: ["a.example.com"], days: 90, from: Self.now - 86400)
    let old = try TestCertificate.make(names: ["a.example.com"], days: 1, from: Self.now - 10 * 86400)
    let locked = try TestCertificate.make(names: ["a.example.com"], days: 90, from: Self.now - 86400, password: "x")
    let cases: [(certificate: String, key: String, domain: String, place: String, code: String)] = [
      (good.certificate, other.key, "a.example.com", "4:22", "certificate-key"),
      (good.certificate, "garbage", "a.example.com", "4:22", "bad-certificate"),
      (locked.certificate, locked.key, "a.example.com", "4:22", "bad-certificate"),
      ("garbage", good.key, "a.example.com", "3:18", "bad-certificate"),
      (old.certificate, old.key, "a.example.com", "3:18", "certificate-expired"),
      (good.certificate, good.key, "b.example.com", "6:25", "certificate-names"),
    ]
    try await withSimulator { npm in
      let place = try Workplace(npm)
      for item in cases {
        try place.scratch.write("desired/all.yaml", Self.text(domain: item.domain))
        try write(TestCertificate(certificate: item.certificate, key: item.key), to: place)
        let run = try await place.run("apply", "--yes")
        #expect(run.exit == 3)
        #expect(run.errors.contains("desired/all.yaml:\(item.place): error[\(item.code)]"), "\(run.errors)")
      }
      #expect(try await npm.writes().isEmpty)
    }
  }

  @Test func `auto takes the best certificate there is, in NPM or in the YAML`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write("desired/all.yaml", Self.text("certificate: auto", domain: "b.other.org"))
      try write(try TestCertificate.make(names: ["*.example.com"], days: 90, from: Self.now - 86400), to: place)
      let none = try await place.run("apply", "--yes")
      #expect(none.exit == 4 && none.output.contains("no certificate is good for b.other.org"), "\(none.output)")
      try place.scratch.write("desired/all.yaml", Self.text("certificate: auto"))
      let wild = try await place.run("apply", "--yes")
      #expect(wild.exit == 0, "\(wild.output)\(wild.errors)")
      #expect(try await npm.hosts()[0]["certificate_id"] == 1)
      // Another user uploads one with the exact name: it is the better match.
      let exact = try TestCertificate.make(names: ["a.example.com"], days: 30, from: Self.now - 86400)
      let hand = try await npm.asAdmin(
        "POST", "/api/nginx/certificates", ["provider": "other", "nice_name": "by hand"])
      try await npm.upload(exact, to: hand["id"].intValue ?? 0)
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await npm.hosts()[0]["certificate_id"] == hand["id"])
      let list = try await place.run("certificates")
      #expect(list.output.contains("by hand") && list.output.contains("used by a.example.com"), "\(list.output)")
      #expect(list.output.contains("orphaned"))
    }
  }

  @Test func `a certificate that ends soon is said, and is a condition`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write("desired/all.yaml", Self.text())
      try write(try TestCertificate.make(names: ["*.example.com"], days: 10, from: Self.now - 86400), to: place)
      try await place.run("apply", "--yes", exits: 0)
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 0 && run.errors.contains("warning[certificate-expiring]"), "\(run.errors)")
      #expect(run.errors.contains("certificate 'wild' of a.example.com ends on"))
      #expect(try await place.run("status").output.contains("certificates  due"))
    }
  }

  @Test func `a certificate that nginx would choke on never reaches NPM through a failed upload`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write("desired/all.yaml", Self.text())
      try write(try TestCertificate.make(names: ["*.example.com"], days: 90, from: Self.now - 86400), to: place)
      try await npm.faults([
        ["method": "POST", "path": "/api/nginx/certificates/1/upload", "when": "before", "action": "reset"]
      ])
      let cut = try await place.run("apply", "--yes")
      let next = try await place.run("apply", "--yes")
      #expect(next.exit == 0, "\(cut.output)\n\(next.output)")
      #expect(try await certificates(npm).count == 1)
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }
}
