/// The properties of a certificate that matter to its hosts.
package struct CertificateInfo: Hashable, Sendable {
  /// The names it covers, in lower case.
  package var names: [String]
  /// Its expiry as `2027-02-19 07:09:16`, UTC, or as NPM wrote it.
  package var expires: String

  package init(names: [String], expires: String) {
    self.names = names
    self.expires = expires
  }

  /// Whether it covers a domain: by name, or by a wildcard for one label (RFC 6125).
  package func covers(_ domain: String) -> Bool { coversExactly(domain) || coversByWildcard(domain) }

  package func coversExactly(_ domain: String) -> Bool { names.contains(domain.lowercased()) }

  private func coversByWildcard(_ domain: String) -> Bool {
    let domain = domain.lowercased()
    guard let dot = domain.firstIndex(of: "."), !domain.hasPrefix("*") else { return false }
    return names.contains("*" + domain[dot...])
  }
}
