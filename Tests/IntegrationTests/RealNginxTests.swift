import Curl
import Foundation
import Model
import TestSupport
import Testing
import X509

/// The data plane is Debian's nginx: TLS, passwords and reloads are real.
@Suite struct RealNginxTests {
  /// - Parameter body: gets the simulated NPM, its nginx, an operator, and the port of his backend.
  private func withNginx(_ body: (SimulatedNPM, RealNginx, Workplace, Int) async throws -> Void) async throws {
    let scratch = try Scratch()
    let nginx = try await RealNginx(in: scratch.path)
    let npm = try SimulatedNPM(onReload: { nginx.reload($0) })
    do {
      try await withBackend { port in
        var place = try Workplace(npm)
        place.variables = ["PW": "secret-word"]
        let door = "npm: { data_plane: \"127.0.0.1:\(nginx.port)\", data_plane_tls_port: \(nginx.tlsPort) }\n"
        try place.scratch.write("reconciler.yaml", "policy: sync\n" + door)
        try await body(npm, nginx, place, port)
      }
    } catch {
      await nginx.stop()
      try await npm.stop()
      throw error
    }
    await nginx.stop()
    try await npm.stop()
  }

  private func certificate(_ nginx: RealNginx) throws -> (made: TestCertificate, digest: String) {
    let made = try TestCertificate.make(names: ["app.test"], days: 9999)
    let digest = try CertificateChain(pem: Array(made.certificate.utf8)).fingerprint
    try nginx.know(made, as: digest)
    return (made, digest)
  }

  private func write(_ made: TestCertificate, _ place: Workplace) throws {
    try place.scratch.write("desired/tls.pem", made.certificate)
    try place.scratch.write("desired/tls.key", made.key)
  }

  /// Digest of the certificate that visitors of `app.test` get.
  private func shown(_ npm: SimulatedNPM, _ nginx: RealNginx) async throws -> String {
    var transfer = HTTPTransfer(url: "https://app.test:\(nginx.tlsPort)/")
    transfer.resolve = ["app.test:\(nginx.tlsPort):127.0.0.1"]
    transfer.usesFreshConnection = true
    transfer.verifiesCertificates = false
    transfer.wantsCertificates = true
    let result = try await npm.engine.perform(transfer)
    return try CertificateChain(pem: Array((result.certificates.first ?? "").utf8)).fingerprint
  }

  /// Old nginx workers may accept a connection for some milliseconds after new ones serve.
  private func until(_ condition: () async throws -> Bool) async throws {
    while !Task.isCancelled, try await !condition() { await Task.yield() }
    #expect(!Task.isCancelled)
  }

  private static let hosts = """
    certificates: { tls: { certificate: { file: tls.pem }, certificate_key: { file: tls.key } } }
    access_lists: { lan: { items: [{ username: u, password: { env: PW } }] } }
    proxy_hosts:
      app: { domain_names: [app.test], forward: 'http://127.0.0.1:PORT', certificate: tls, access_list: lan }

    """

  @Test(.timeLimit(.minutes(5))) func `a renewed certificate is confirmed when nginx shows it`() async throws {
    try await withNginx { npm, nginx, place, port in
      let first = try certificate(nginx), second = try certificate(nginx)
      try write(first.made, place)
      try place.scratch.write("desired/a.yaml", Self.hosts.replacing("PORT", with: "\(port)"))
      let made = try await place.run("apply", "--yes")
      #expect(made.exit == 0, "\(made.output)\(made.errors)")
      try await until { try await shown(npm, nginx) == first.digest }
      try write(second.made, place)
      let renewed = try await place.run("apply", "--yes")
      #expect(renewed.exit == 0, "\(renewed.output)\(renewed.errors)")
      try await until { try await shown(npm, nginx) == second.digest }
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  /// The API is reached without nginx: the certificate that nginx shows is the only evidence.
  @Test(.timeLimit(.minutes(5))) func `a renewed certificate that nginx does not show is unproven`() async throws {
    try await withNginx { npm, nginx, place, port in
      try await npm.send("PUT", "/simulator/proxy", ["direct": true])
      let first = try certificate(nginx), second = try certificate(nginx)
      try write(first.made, place)
      try place.scratch.write("desired/a.yaml", Self.hosts.replacing("PORT", with: "\(port)"))
      try await place.run("apply", "--yes", exits: 0)
      try await npm.hold([53])
      try await npm.addStream(53)
      try write(second.made, place)
      let run = try await place.run("apply", "--yes", "-o", "json")
      #expect(run.exit == 5)
      #expect(run.json["changes"].arrayValue?.first?["outcome"] == "unproven", "\(run.output)")
      #expect(try await shown(npm, nginx) == first.digest)
      try await npm.hold([])
      let again = try await place.run("apply", "--yes")
      #expect(again.exit == 0, "\(again.output)\(again.errors)")
      try await until { try await shown(npm, nginx) == second.digest }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a guarded host refuses, and its absence is the default site`() async throws {
    try await withNginx { npm, nginx, place, port in
      let made = try certificate(nginx)
      try write(made.made, place)
      try place.scratch.write("desired/a.yaml", Self.hosts.replacing("PORT", with: "\(port)"))
      try await place.run("apply", "--yes", exits: 0)
      func status(_ domain: String) async throws -> (code: Int, page: String) {
        var transfer = HTTPTransfer(url: "http://127.0.0.1:\(nginx.port)/")
        transfer.headers = [("Host", domain)]
        transfer.usesFreshConnection = true
        let result = try await npm.engine.perform(transfer)
        return (result.status, String(decoding: result.body, as: UTF8.self))
      }
      try await until { try await status("app.test").code == 401 }
      try place.desire("other", "other.test", port: port)
      try await place.run("apply", "--yes", exits: 0)
      let kept = Self.hosts.split(separator: "\n").filter { !$0.contains("app:") && !$0.contains("proxy_hosts:") }
      try place.scratch.write("desired/a.yaml", kept.joined(separator: "\n") + "\n")
      let gone = try await place.run("apply", "--yes")
      #expect(gone.exit == 0, "\(gone.output)\(gone.errors)")
      try await until { try await status("app.test").page == "Congratulations!" }
      #expect(try await status("other.test").page == "hello")
    }
  }
}
