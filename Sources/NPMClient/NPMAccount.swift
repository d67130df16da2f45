import FoundationEssentials
import Model

/// What our account may do in NPM.
package struct NPMAccount: Decodable, Hashable, Sendable {
  package var id: Int
  package var email: String
  package var isAdministrator: Bool
  /// By NPM's names of them: `visibility` is `all` or `user`; others are `manage`, `view` or `hidden`.
  package var permissions: [String: String]

  private enum CodingKeys: String, CodingKey { case id, email, roles, permissions }

  package init(from decoder: any Decoder) throws {
    let row = try decoder.container(keyedBy: CodingKeys.self)
    id = try row.decode(Int.self, forKey: .id)
    email = try row.decode(String.self, forKey: .email)
    isAdministrator = try row.decode([String].self, forKey: .roles).contains("admin")
    let values = try row.decodeIfPresent([String: JSONValue].self, forKey: .permissions) ?? [:]
    permissions = values.compactMapValues(\.stringValue)
  }

  /// Whether it sees what others made: without that, half of NPM looks empty.
  package var seesAll: Bool { isAdministrator || permissions["visibility"] == "all" }

  /// Kinds that it may not read and write, by NPM's names.
  package var lacking: [String] {
    isAdministrator ? [] : Self.kinds.filter { permissions[$0] != "manage" }
  }

  package static let kinds = [
    "proxy_hosts", "redirection_hosts", "dead_hosts", "streams", "access_lists", "certificates",
  ]
}

extension RESTGateway {
  /// The account that we log in with.
  package func account() async throws(NPMError) -> NPMAccount {
    try await transport.decode(transport.call("GET", "/api/users/me?expand=permissions"))
  }
}
