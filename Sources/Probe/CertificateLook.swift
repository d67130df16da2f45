import Model
import Platform
import X509

/// Finds problems of a server's certificates that a browser would report, except the trust in the issuer.
enum CertificateLook {
  /// - Parameter certificates: PEM, the server's own first.
  static func problem(with certificates: [String], for domain: String, at now: Timestamp) -> String? {
    guard let chain = try? CertificateChain(pem: Array(certificates.joined(separator: "\n").utf8)) else {
      return "its certificate cannot be read"
    }
    // Clients ignore a root that is sent along.
    let counted = chain.members.enumerated().filter { $0.offset == 0 || !$0.element.isRoot }.map(\.element)
    if let late = counted.first(where: { $0.notAfter < now.seconds }) {
      return "the certificate of '\(late.commonName)' expired on \(Timestamp(seconds: late.notAfter).day)"
    }
    let facts = CertificateInfo(names: chain.names, expires: "")
    return facts.covers(domain) ? nil : "its certificate is for \(chain.names.joined(separator: ", "))"
  }
}
