import FoundationEssentials
package import Model
import Platform

/// A login token of NPM.
package struct NPMToken: Sendable, Equatable {
  package var token: Secret
  package var expires: Timestamp

  package init(token: Secret, expires: Timestamp) {
    self.token = token
    self.expires = expires
  }
}

/// Keeps the token between runs: a login costs NPM 0.4 s, a refresh 4 ms.
package protocol TokenCache: Sendable {
  func load() -> NPMToken?
  func save(_ token: NPMToken?)
}

/// Keeps nothing: for a login that is only tried.
package struct NoTokenCache: TokenCache {
  package init() {}

  package func load() -> NPMToken? { nil }
  package func save(_ token: NPMToken?) {}
}

/// A file that only its owner can read. Losing it costs a login, so its failures are not errors.
package struct TokenFile: TokenCache {
  private struct Contents: Codable {
    var url: String
    var identity: String
    var token: String
    var expires: Double
  }

  private let path: String
  private let url: String
  private let identity: String

  package init(path: String, url: String, identity: String) {
    self.path = path
    self.url = url
    self.identity = identity
  }

  package func load() -> NPMToken? {
    guard let bytes = try? Files.read(path),
      let contents = try? JSONDecoder().decode(Contents.self, from: Data(bytes)),
      contents.url == url, contents.identity == identity
    else { return nil }
    return NPMToken(token: Secret(contents.token), expires: Timestamp(seconds: contents.expires))
  }

  package func save(_ token: NPMToken?) {
    let contents = Contents(
      url: url, identity: identity, token: token?.token.reveal() ?? "", expires: token?.expires.seconds ?? 0)
    guard let data = try? JSONEncoder().encode(contents) else { return }
    try? Files.replace(path, with: Array(data), mode: 0o600)
  }
}
