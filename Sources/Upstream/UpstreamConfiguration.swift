package import Model

/// The configuration with one upstream: timeouts, retries and allowed redirect targets.
package struct UpstreamConfiguration: Sendable {
  /// The upstream's name in messages: `NPM`.
  package var name: String
  /// Seconds for look-up, TCP and TLS.
  package var connectTimeout = 5.0
  /// Seconds until the first byte of the response to a read.
  package var firstByteTimeout = 10.0
  /// Seconds for one whole attempt at a read.
  package var readTimeout = 15.0
  /// Seconds for a write: NPM tests nginx three times in each, 2.5 s with a thousand hosts.
  package var writeTimeout = 60.0
  package var retry = RetryPolicy()
  package var breaker = CircuitBreaker.Settings()
  /// Allowed redirect targets besides the upstream's own origin and the same host over TLS.
  package var allowedOrigins: Set<UpstreamOrigin> = []
  /// Maximum number of redirects followed for one read.
  package var maximumRedirects = 3
  /// Maximum number of bytes in a response; a longer one is refused.
  package var maximumBody = 256 << 20
  /// CA certificates in PEM form that replace the system's.
  package var caFile: String?
  /// The URL of the proxy to it; it may contain a password.
  package var proxy: Secret?

  package init(name: String) { self.name = name }
}

/// A scheme, a host and a port: the entries of the redirect allowlist.
package struct UpstreamOrigin: Hashable, Sendable, CustomStringConvertible {
  package var scheme: String
  package var host: String
  package var port: Int

  package init(scheme: String, host: String, port: Int) {
    self.scheme = scheme
    self.host = host
    self.port = port
  }

  /// The origin of an absolute URL; nil: not http or https, or with a user name.
  package init?(_ url: String) {
    guard let mark = url.firstRange(of: "://") else { return nil }
    let scheme = url[..<mark.lowerBound].lowercased()
    guard scheme == "http" || scheme == "https" else { return nil }
    // By bytes: a combining mark after a delimiter does not hide the delimiter.
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

  /// Whether a call to this origin may be redirected to `target`: the same origin, the same host over TLS, or the
  /// allowlist. Never from TLS to clear text, whatever the allowlist contains.
  package func allows(_ target: UpstreamOrigin, besides allowed: Set<UpstreamOrigin>) -> Bool {
    if scheme == "https" && target.scheme == "http" { return false }
    return target == self || (target.scheme == "https" && target.host == host) || allowed.contains(target)
  }
}
