import FoundationEssentials
import HTTPServer
import Hashing
package import Model
import Platform
package import Probe

extension AccessToken {
  package static func digest(of token: Secret) -> String { Hex.digits(SHA256Digest.bytes(Array(token.reveal().utf8))) }
}

/// Decides who may ask what.
package struct Gate: Sendable {
  package struct Rules: Sendable {
    /// A token is needed on this machine, too.
    package var requiresToken = false
    /// Names in `Host` besides addresses and localhost, in lower case.
    package var allowedHosts: Set<String> = []
    /// Tokens that the store does not have.
    package var tokens: [AccessToken] = []
    /// Of one token or address; 0: as many as come.
    package var requestsPerSecond = 0
    /// Proxies whose word for who asks is taken.
    package var trustedProxies: [IPNetwork] = []

    package init() {}
  }

  private let rules: Rules
  private let tokens: @Sendable (_ isNew: Bool) async throws -> [AccessToken]
  private let now: @Sendable () -> Timestamp
  private let limiter: RateLimiter

  /// - Parameter tokens: those that are known, revoked ones left out; whether one may just have been made.
  package init(
    _ rules: Rules, now: @escaping @Sendable () -> Timestamp,
    tokens: @escaping @Sendable (_ isNew: Bool) async throws -> [AccessToken]
  ) {
    self.rules = rules
    self.now = now
    self.tokens = tokens
    limiter = RateLimiter(perSecond: rules.requestsPerSecond)
  }

  /// - Returns: nil: a route for everyone, asked without a token.
  /// - Throws: `Problem`.
  func admit(_ request: HTTPRequest, to access: Route.Access) async throws -> Principal? {
    // A watchdog must not be told that the daemon is down because others ask a lot.
    guard case .role(let needed) = access else { return nil }
    let host = request.headers["host"] ?? ""
    try checkHost(host)
    try checkOrigin(request, host)
    let named: Principal?
    do {
      named = try await principal(request)
    } catch {
      // Whoever guesses is slowed down as well.
      try charge(request)
      throw error
    }
    try charge(named?.name.map { "token \($0)" } ?? address(request))
    let principal = named ?? (isOnThisMachine(request, host) ? Principal(name: nil, role: .read) : nil)
    guard let principal else {
      throw Problem(
        401, .apiUnauthorized, "this needs a token",
        hint: "make one with 'reconciler token create', and send it as 'Authorization: Bearer TOKEN'",
        headers: [("WWW-Authenticate", "Bearer realm=\"reconciler\", Basic realm=\"reconciler\", charset=\"UTF-8\"")])
    }
    guard principal.role >= needed else {
      let status = principal.name == nil ? 401 : 403
      throw Problem(
        status, status == 401 ? .apiUnauthorized : .apiForbidden,
        "this needs a token with the role '\(needed.rawValue)'",
        headers: status == 401 ? [("WWW-Authenticate", "Bearer realm=\"reconciler\"")] : [])
    }
    return principal
  }

  /// Counts a request that was not for any route.
  func charge(_ request: HTTPRequest) throws { try charge(address(request)) }

  /// Who is counted: behind a proxy that is trusted, the last address that is not one of those. It opens nothing.
  private func address(_ request: HTTPRequest) -> String {
    func isTrusted(_ text: String) -> Bool {
      IPAddress(text).map { address in rules.trustedProxies.contains { $0.contains(address) } } ?? false
    }
    guard isTrusted(request.peer) else { return "address \(request.peer)" }
    let way = (request.headers["x-forwarded-for"] ?? "").split(separator: ",").map { $0.filter { $0 != " " } }
    let client = way.last { !isTrusted($0) } ?? request.peer
    return "address \(IPAddress(client) == nil ? request.peer : client)"
  }

  private func charge(_ caller: String) throws {
    guard limiter.takes(caller) else {
      throw Problem(
        429, .apiRateLimited, "too many requests", hint: "api.rate_limit says how many a second",
        headers: [("Retry-After", "1")])
    }
  }

  /// Whether what was begun may go on: its token is still good for it.
  func stillAdmits(_ principal: Principal?) async -> Bool {
    guard let name = principal?.name else { return true }
    guard let stored = try? await tokens(false) else { return true }
    return (rules.tokens + stored).contains { $0.name == name && $0.digest == principal?.digest && !isOver($0) }
  }

  private func isOver(_ token: AccessToken) -> Bool { token.expiresAt.map { now() >= $0 } ?? false }

  // MARK: Names and origins

  /// A name that anyone could point to this address would let any page in a browser read it (DNS rebinding).
  private func checkHost(_ host: String) throws {
    let name = Self.name(host)
    if name == "localhost" || NetworkAddress.isAddress(name) || rules.allowedHosts.contains(name) { return }
    // A client of HTTP/1.0 or of a Unix socket need not name one.
    if host.isEmpty { return }
    throw Problem(
      421, .apiHost, "this server is not called '\(name.prefix(100))'", hint: "add the name to api.allowed_hosts")
  }

  /// Pages of other sites may not ask, not even for what they could not read.
  private func checkOrigin(_ request: HTTPRequest, _ host: String) throws {
    let isForeign = request.headers["sec-fetch-site"]?.lowercased() == "cross-site"
    if let origin = request.headers["origin"] {
      let ours = ["http://\(host.lowercased())", "https://\(host.lowercased())"]
      guard ours.contains(origin.lowercased()) else {
        throw Problem(403, .apiOrigin, "a page of another site may not ask this")
      }
    } else if isForeign {
      throw Problem(403, .apiOrigin, "a page of another site may not ask this")
    }
  }

  /// Without the port and brackets, in lower case.
  private static func name(_ host: String) -> String {
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
      let rest = host[host.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") && rest.dropFirst().allSatisfy(\.isNumber) else {
        return host.lowercased()
      }
      let address = String(host[host.index(after: host.startIndex)..<end]).lowercased()
      return address.contains(":") ? address : host.lowercased()
    }
    return String(host.prefix { $0 != ":" }).lowercased()
  }

  /// Whether the request comes from this machine. Behind a proxy on it, every visitor seems to.
  private func isOnThisMachine(_ request: HTTPRequest, _ host: String) -> Bool {
    guard !rules.requiresToken else { return false }
    let isForwarded = request.headers.keys.contains { Self.isOfProxy($0) }
    if request.peer.isEmpty { return !isForwarded }
    let name = Self.name(host)
    return !isForwarded && Self.isLoopback(request.peer) && (name == "localhost" || Self.isLoopback(name))
  }

  private static func isOfProxy(_ header: String) -> Bool {
    ["forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip"]
      .contains(header) || header.hasPrefix("x-forwarded")
  }

  private static func isLoopback(_ address: String) -> Bool {
    address == "::1" || (address.hasPrefix("127.") && NetworkAddress.isAddress(address))
  }

  // MARK: Tokens

  /// - Throws: `Problem`, where a token is wrong: it is never taken for none.
  private func principal(_ request: HTTPRequest) async throws -> Principal? {
    guard let header = request.headers["authorization"] else { return nil }
    let parts = header.split(separator: " ", maxSplits: 1).map(String.init)
    let scheme = parts.first?.lowercased()
    let given: String? =
      if scheme == "bearer" { parts.last } else if scheme == "basic" { parts.last.flatMap(Self.password) } else { nil }
    guard let given, !given.isEmpty, let token = try await token(given) else {
      throw Problem(
        401, .apiUnauthorized, "the token is not known, or was revoked",
        hint: "'reconciler token list' shows those that are",
        headers: [("WWW-Authenticate", "Bearer realm=\"reconciler\"")])
    }
    if isOver(token) {
      throw Problem(
        401, .apiUnauthorized, "the token '\(token.name)' has expired",
        hint: "make another with 'reconciler token create'",
        headers: [("WWW-Authenticate", "Bearer realm=\"reconciler\"")])
    }
    // A browser sends such a login with every request, also with one that another page makes it send.
    let role = scheme == "basic" ? Role.read : token.role
    return Principal(name: token.name, role: min(role, token.role), digest: token.digest)
  }

  /// All of them are compared, each in the same time.
  private func token(_ given: String) async throws -> AccessToken? {
    let digest = Array(AccessToken.digest(of: Secret(given)).utf8)
    if let known = Self.find(digest, among: rules.tokens) { return known }
    if let known = Self.find(digest, among: try await tokens(false)) { return known }
    return Self.find(digest, among: try await tokens(true))
  }

  private static func find(_ digest: [UInt8], among tokens: [AccessToken]) -> AccessToken? {
    var found: AccessToken?
    for token in tokens {
      let other = Array(token.digest.utf8)
      guard other.count == digest.count else { continue }
      if zip(digest, other).reduce(0, { $0 | ($1.0 ^ $1.1) }) == 0 { found = token }
    }
    return found
  }

  /// The password of `Authorization: Basic`.
  private static func password(_ encoded: String) -> String? {
    guard let bytes = Data(base64Encoded: encoded), let text = String(validating: bytes, as: UTF8.self),
      let colon = text.firstIndex(of: ":")
    else { return nil }
    return String(text[text.index(after: colon)...])
  }
}

/// A bucket of tokens for each caller; full after two seconds.
final class RateLimiter: Sendable {
  private struct Bucket {
    var left: Double
    var at: ContinuousClock.Instant
  }

  private let perSecond: Double
  private let buckets = Lock<[String: Bucket]>([:])
  /// Callers that are remembered.
  private static let capacity = 10_000

  init(perSecond: Int) { self.perSecond = Double(perSecond) }

  func takes(_ caller: String) -> Bool {
    guard perSecond > 0 else { return true }
    let (now, full) = (ContinuousClock.now, perSecond * 2)
    return buckets.withLock { buckets in
      // Whoever has not asked for two seconds has a full bucket anyway.
      if buckets.count >= Self.capacity { buckets = buckets.filter { now - $0.value.at < .seconds(2) } }
      if buckets.count >= Self.capacity, buckets[caller] == nil { return false }
      var bucket = buckets[caller] ?? Bucket(left: full, at: now)
      bucket.left = min(full, bucket.left + (now - bucket.at) / .seconds(1) * perSecond)
      bucket.at = now
      defer { buckets[caller] = bucket }
      guard bucket.left >= 1 else { return false }
      bucket.left -= 1
      return true
    }
  }
}
