package import Model
import SQLite

extension SQLiteStore: TokenStore {
  package func add(_ token: AccessToken) throws -> Bool {
    try !run(
      """
      INSERT INTO tokens (name, role, digest, created_at, expires_at) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (name) DO NOTHING RETURNING name
      """,
      [
        .text(token.name), .text(token.role.rawValue), .text(token.digest), .real(token.createdAt.seconds),
        token.expiresAt.map { .real($0.seconds) } ?? .null,
      ]
    ).isEmpty
  }

  package func revoke(_ name: String) throws -> Bool {
    try !run("DELETE FROM tokens WHERE name = ? RETURNING name", [.text(name)]).isEmpty
  }

  package func tokens() throws -> [AccessToken] {
    try run("SELECT name, role, digest, created_at, expires_at FROM tokens ORDER BY name").compactMap { row in
      // One with a role that this version does not know opens nothing.
      Role(rawValue: row[1].text).map { role in
        AccessToken(
          name: row[0].text, role: role, digest: row[2].text, createdAt: Timestamp(seconds: row[3].real),
          expiresAt: row[4] == .null ? nil : Timestamp(seconds: row[4].real))
      }
    }
  }
}
