package import Model

/// Tokens of the HTTP API. They are of the store, not of an instance.
package protocol TokenStore: Sendable {
  /// - Returns: false: one of that name exists; nothing is changed.
  func add(_ token: AccessToken) async throws -> Bool
  /// - Returns: whether it existed.
  func revoke(_ name: String) async throws -> Bool
  /// By name, those that have expired included.
  func tokens() async throws -> [AccessToken]
}
