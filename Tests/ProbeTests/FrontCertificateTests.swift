import Curl
import Platform
import Probe
import TestSupport
import Testing

/// Certificate problems that a browser reports, except the issuer. nginx serves the certificates.
@Suite struct FrontCertificateTests {
  private func front(_ certificates: [TestCertificate], key: TestCertificate) async throws -> DataPlaneResult? {
    let scratch = try Scratch()
    let port = try reservedPort(), tlsPort = try reservedPort()
    let pem = try scratch.write("chain.pem", certificates.map(\.certificate).joined())
    let file = try scratch.write("chain.key", key.key)
    let http = """
      server { listen 127.0.0.1:\(port); listen 127.0.0.1:\(tlsPort) ssl; ssl_certificate \(pem);
        ssl_certificate_key \(file); location / { return 200 fine; } }
      """
    let nginx = try await NginxProgram(
      NginxProgram.configuration(http, in: scratch.path), in: scratch.path, answersOn: port)
    var settings = ProbeSettings()
    settings.tcpTimeout = 60
    let door = DataPlane(address: "127.0.0.1", port: port, tlsPort: tlsPort)
    let target = HealthTarget(
      ProbeTarget(name: "app", scheme: "http", host: "127.0.0.1", port: port), interval: 60,
      front: DataPlaneHost(domain: "app.test", usesTLS: true))
    let found = Lock<DataPlaneResult?>(nil)
    await HealthProber(settings: settings, engine: CurlEngine(), dataPlane: door).check([target]) { check in
      found.withLock { $0 = check.front }
    }
    await nginx.stop()
    return found.withLock { $0 }
  }

  @Test func `one for the name is fine, whoever signed it`() async throws {
    let own = try TestCertificate.make(names: ["app.test"], days: 9999)
    #expect(try await front([own], key: own)?.isOK == true)
  }

  @Test func `one for another name is not`() async throws {
    let other = try TestCertificate.make(names: ["other.test"], days: 9999)
    #expect(try await front([other], key: other)?.outcome == .badCertificate("its certificate is for other.test"))
  }

  @Test func `the chain is looked at to its end`() async throws {
    let root = try TestCertificate.make(names: ["root.test"], days: 9999, isAuthority: true)
    let over = try TestCertificate.make(names: ["middle.test"], days: 1, issuer: root, isAuthority: true)
    let own = try TestCertificate.make(names: ["app.test"], days: 9999, issuer: over)
    #expect(
      try await front([own, over], key: own)?.outcome
        == .badCertificate("the certificate of 'middle.test' expired on 2023-11-15"))
  }
}
