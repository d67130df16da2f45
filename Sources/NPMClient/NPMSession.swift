import FoundationEssentials
package import Model
import Platform
import Upstream

/// The credentials of our account in NPM.
package struct NPMCredentials: Sendable {
  package var identity: String
  package var secret: Secret

  package init(identity: String, secret: Secret) {
    self.identity = identity
    self.secret = secret
  }
}

/// Holds the token; it runs one login at a time, however many calls wait for it.
actor NPMSession {
  /// A token with less remaining life than this is refreshed before use. NPM's tokens are valid for a day.
  private static let refreshMargin = 6 * 3600.0

  private let upstream: UpstreamClient
  private let credentials: NPMCredentials
  private let cache: any TokenCache
  private var current: NPMToken?
  private var isCacheRead = false
  private var pending: Task<Result<NPMToken, NPMError>, Never>?

  init(upstream: UpstreamClient, credentials: NPMCredentials, cache: any TokenCache) {
    self.upstream = upstream
    self.credentials = credentials
    self.cache = cache
  }

  /// A token that should be valid for this call.
  func token() async throws(NPMError) -> Secret {
    if !isCacheRead {
      isCacheRead = true
      current = cache.load()
    }
    if let current, current.expires.seconds - Timestamp.now.seconds > Self.refreshMargin { return current.token }
    return try await renewed().token
  }

  /// Returns a new token after NPM refused `token`, unless another call has already replaced it.
  func replace(_ token: Secret) async throws(NPMError) -> Secret {
    if let current, current.token != token { return current.token }
    current = nil
    return try await renewed().token
  }

  private func renewed() async throws(NPMError) -> NPMToken {
    if let pending { return try await pending.value.get() }
    let old = current
    let task = Task { await self.result(after: old) }
    pending = task
    defer { pending = nil }
    let token = try await task.value.get()
    current = token
    cache.save(token)
    return token
  }

  private func result(after old: NPMToken?) async -> Result<NPMToken, NPMError> {
    do throws(NPMError) {
      return .success(try await obtain(after: old))
    } catch {
      return .failure(error)
    }
  }

  private func obtain(after old: NPMToken?) async throws(NPMError) -> NPMToken {
    if let old, old.expires > .now, let refreshed = try? await refresh(old) { return refreshed }
    return try await login()
  }

  private func refresh(_ old: NPMToken) async throws(NPMError) -> NPMToken {
    var request = UpstreamRequest("GET", "/api/tokens")
    request.headers = [("Authorization", "Bearer \(old.token.reveal())")]
    return try await read(request)
  }

  private func login() async throws(NPMError) -> NPMToken {
    var request = UpstreamRequest("POST", "/api/tokens")
    request.headers = [("Content-Type", "application/json")]
    let secret = JSONValue.string(credentials.secret.reveal())
    request.body = try NPMTransport.encoded(["identity": .string(credentials.identity), "secret": secret])
    return try await read(request)
  }

  private struct Answer: Decodable {
    var token: String?
    var expires: String?
    var requires_2fa: Bool?
  }

  private func read(_ request: UpstreamRequest) async throws(NPMError) -> NPMToken {
    let result = try await NPMCall.send(request, by: upstream)
    guard result.isSuccess else { throw refusal(result.status, NPMCall.message(of: result)) }
    guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(result.body)) else {
      throw NPMError(
        .npmNotNPM, "the answer to the login is not NPM's",
        hint: "npm.url must be NPM's admin address, usually port 81")
    }
    if answer.requires_2fa == true {
      throw NPMError(
        .npmTwoFactor, "the account \(credentials.identity) uses two-factor login, which a program cannot answer",
        hint: "make an account of its own for reconciler in NPM, without two-factor login")
    }
    guard let token = answer.token else { throw NPMError(.npmNotNPM, "NPM's answer to the login has no token") }
    let expires = answer.expires.flatMap { Timestamp(iso8601: $0) } ?? Timestamp.now + 3600
    return NPMToken(token: Secret(token), expires: expires)
  }

  private func refusal(_ status: Int, _ message: String?) -> NPMError {
    guard status < 500, let message else {
      return NPMError(.npmServerError, "NPM answers \(status) to the login", status: status)
    }
    return NPMError(
      .upstreamAuth, "NPM does not accept the login of \(credentials.identity): \(message)",
      hint: "check NPM_IDENTITY and NPM_SECRET, or npm.identity and npm.secret in the settings", status: status)
  }
}
