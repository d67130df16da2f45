/// What a caller of the HTTP API may do. Each role includes those before it.
package enum Role: String, CaseIterable, Comparable, Codable, Sendable {
  case read, write, admin

  package static func < (left: Role, right: Role) -> Bool {
    (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
  }
}

/// A token that opens the HTTP API. Only its digest is kept.
package struct AccessToken: Hashable, Sendable {
  package var name: String
  package var role: Role
  /// SHA-256 of the token, 64 hexadecimal digits.
  package var digest: String
  package var createdAt: Timestamp
  /// nil: it does not expire.
  package var expiresAt: Timestamp?

  package init(name: String, role: Role, digest: String, createdAt: Timestamp, expiresAt: Timestamp? = nil) {
    self.name = name
    self.role = role
    self.digest = digest
    self.createdAt = createdAt
    self.expiresAt = expiresAt
  }
}
