package import NPMClient

/// Forgets every token: each gateway of a test logs in anew.
package struct NoTokenCache: TokenCache {
  package init() {}
  package func load() -> NPMToken? { nil }
  package func save(_ token: NPMToken?) {}
}
