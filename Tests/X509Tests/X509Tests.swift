import TestSupport
import Testing
import X509

@Suite struct X509Tests {
  @Test func `names, life and key of a certificate are read`() throws {
    let made = try TestCertificate.make(names: ["a.test", "*.b.test"], days: 90)
    let chain = try CertificateChain(pem: Array(made.certificate.utf8))
    #expect(chain.names == ["a.test", "*.b.test"] && chain.commonName == "a.test" && chain.count == 1)
    #expect((chain.notAfter - chain.notBefore) / 86400 == 90)
    #expect(try PrivateKey(pem: Array(made.key.utf8)).keyID == chain.keyID)
    let other = try TestCertificate.make(names: ["a.test"], days: 90)
    #expect(try PrivateKey(pem: Array(other.key.utf8)).keyID != chain.keyID)
    #expect(try CertificateChain(pem: Array(other.certificate.utf8)).fingerprint != chain.fingerprint)
  }

  @Test func `what is no certificate, no key or an encrypted one is told apart`() throws {
    let made = try TestCertificate.make(names: ["a.test"], days: 1)
    #expect { try CertificateChain(pem: Array(made.key.utf8)) } throws: { ($0 as? X509Error)?.reason == .unreadable }
    #expect { try CertificateChain(pem: []) } throws: { ($0 as? X509Error)?.reason == .unreadable }
    #expect { try PrivateKey(pem: Array(made.certificate.utf8)) } throws: { ($0 as? X509Error)?.reason == .unreadable }
    let encrypted = try TestCertificate.make(names: ["a.test"], days: 1, password: "x")
    #expect { try PrivateKey(pem: Array(encrypted.key.utf8)) } throws: { ($0 as? X509Error)?.reason == .encrypted }
  }

  @Test func `a chain is known by all of its certificates, and by their order`() throws {
    let a = try TestCertificate.make(names: ["a.test"], days: 1),
      b = try TestCertificate.make(names: ["b.test"], days: 1)
    let both = try CertificateChain(pem: Array((a.certificate + b.certificate).utf8))
    #expect(both.count == 2 && both.names == ["a.test"] && !both.isInOrder)
    #expect(try both.fingerprint != CertificateChain(pem: Array(a.certificate.utf8)).fingerprint)
  }
}
