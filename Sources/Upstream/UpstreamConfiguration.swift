package import Model

/// How we treat one upstream: what a call may cost, how often it is tried, where it may go.
package struct UpstreamConfiguration: Sendable {
  /// The upstream's name in messages: `NPM`.
  package var name: String
  /// Seconds for look-up, TCP and TLS.
  package var connectTimeout = 5.0
  /// Seconds until the first byte of the answer to a read.
  package var firstByteTimeout = 10.0
  /// Seconds for one whole attempt at a read.
  package var readTimeout = 15.0
  /// Seconds for a write: NPM tests nginx three times in each, 2.5 s at a thousand hosts.
  package var writeTimeout = 60.0
  package var retry = RetryPolicy()
  package var breaker = CircuitBreaker.Settings()
  /// Where redirects may lead besides the upstream's own origin and the same host by TLS.
  package var allowedOrigins: Set<UpstreamOrigin> = []
  /// Redirects of one read that are followed.
  package var maximumRedirects = 3
  /// Bytes of an answer beyond which it is refused.
  package var maximumBody = 256 << 20
  /// CA certificates in PEM form instead of the system's.
  package var caFile: String?
  /// The proxy that leads to it, as a URL; it may hold a password.
  package var proxy: Secret?

  package init(name: String) { self.name = name }
}

/// A scheme, a host and a port: what an allowlist is made of.
package struct UpstreamOrigin: Hashable, Sendable, CustomStringConvertible {
  package var scheme: String
  package var host: String
  package var port: Int

  package init(scheme: String, host: String, port: Int) {
    self.scheme = scheme
    self.host = host
    self.port = port
  }

  /// The origin of an absolute URL; nil where it is none of http or https, or carries a user name.
  package init?(_ url: String) {
    guard let mark = url.firstRange(of: "://") else { return nil }
    let scheme = url[..<mark.lowerBound].lowercased()
    guard scheme == "http" || scheme == "https" else { return nil }
    // By bytes: a mark on a sign does not make it another one.
    let authority = Substring(url[mark.upperBound...].utf8.prefix { !"/?#\\".utf8.contains($0) })
    guard !authority.utf8.contains(UInt8(ascii: "@")) else { return nil }
    var host = authority
    var port = scheme == "https" ? 443 : 80
    let afterBracket = authority.utf8.lastIndex(of: UInt8(ascii: "]")) ?? authority.startIndex
    if let colon = authority.utf8[afterBracket...].lastIndex(of: UInt8(ascii: ":")) {
      guard let number = Int(authority[authority.utf8.index(after: colon)...]), (1...65535).contains(number) else {
        return nil
      }
      port = number
      host = authority[..<colon]
    }
    guard !host.isEmpty else { return nil }
    self.init(scheme: scheme, host: host.lowercased(), port: port)
  }

  package var description: String { "\(scheme)://\(host):\(port)" }

  /// Whether a call to this origin may be led on to `target`: to itself, or to the same host by TLS. Never from TLS to
  /// clear text, whatever the allowlist says.
  package func allows(_ target: UpstreamOrigin, besides allowed: Set<UpstreamOrigin>) -> Bool {
    if scheme == "https" && target.scheme == "http" { return false }
    return target == self || (target.scheme == "https" && target.host == host) || allowed.contains(target)
  }
}
