package import NPMClient

/// Keeps no token: each gateway of a test logs in again.
package struct NoTokenCache: TokenCache {
  package init() {}
  package func load() -> NPMToken? { nil }
  package func save(_ token: NPMToken?) {}
}
