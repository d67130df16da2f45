/// Explains errors of certbot. It does not repeat certbot's message, which may contain credentials.
enum CertbotHint {
  private static let hints: [(texts: [String], hint: String)] = [
    (
      ["too many certificates", "too many failed authorizations", "ratelimited", "rate limit"],
      "Let's Encrypt has had enough requests for these names: wait, its limits count by the week"
    ),
    (
      ["nxdomain", "no valid a records", "no valid aaaa records", "dns problem", "servfail looking up"],
      "the names do not lead anywhere in DNS: point them at NPM, or prove them with 'dns:'"
    ),
    (
      ["timeout during connect", "connection refused", "likely firewall problem", "fetching http://", "unauthorized"],
      "Let's Encrypt does not reach NPM on port 80 under these names: look at DNS, router and firewall"
    ),
    (
      [
        "error determining zone", "invalid request headers", "authentication error", "invalid credentials", "403",
        "unable to determine zone", "permission denied",
      ],
      "the DNS provider does not accept the credentials, or does not have the zone"
    ),
    (
      ["temporary failure in name resolution", "failed to establish a new connection", "max retries exceeded"],
      "NPM itself has no way to Let's Encrypt: look at its network and DNS"
    ),
  ]

  /// - Parameter text: the certbot output in NPM's error; nil: another kind of error.
  static func of(_ text: String?) -> String? {
    guard let text = text?.lowercased() else { return nil }
    return hints.first { hint in hint.texts.contains(where: text.contains) }?.hint
      ?? "NPM's log says what certbot did (letsencrypt.log under /data/logs)"
  }
}
