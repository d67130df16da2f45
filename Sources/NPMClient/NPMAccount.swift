import FoundationEssentials
package import Model

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

  /// What an account needs that manages everything.
  static let needed: JSONValue = .object(
    Dictionary(uniqueKeysWithValues: [("visibility", "all")] + kinds.map { ($0, JSONValue.string("manage")) }))

  package static let kinds = [
    "proxy_hosts", "redirection_hosts", "dead_hosts", "streams", "access_lists", "certificates",
  ]
}

extension RESTGateway {
  /// The account that we log in with.
  package func account() async throws(NPMError) -> NPMAccount {
    try await transport.decode(transport.call("GET", "/api/users/me?expand=permissions"))
  }

  /// The address itself, or with a number, so that NPM has no account of it.
  package func freeAddress(like email: String) async throws(NPMError) -> String {
    let taken = Set(try await users().map(\.email))
    let parts = email.split(separator: "@", maxSplits: 1).map(String.init)
    guard taken.contains(email), parts.count == 2 else { return email }
    let numbered = (2...1000).lazy.map { "\(parts[0])-\($0)@\(parts[1])" }
    return numbered.first { !taken.contains($0) } ?? email
  }

  /// Makes an account that may manage everything, and reads back that NPM gave the rights to that very account. Only an
  /// administrator can.
  ///
  /// Made without a password, which gets a call of its own: with one, NPM may take the new account for another one.
  package func createAccount(email: String, secret: Secret) async throws(NPMError) -> NPMAccount {
    let taken = try await users().first { $0.email == email }
    guard taken == nil else {
      throw NPMError(
        .npmDomainInUse, "NPM has an account \(email) already",
        hint: "give its password, or name another with --account")
    }
    _ = try await transport.call(
      "POST", "/api/users", ["name": "reconciler", "nickname": "reconciler", "email": .string(email), "roles": []])
    // Its answer may be about another account; the list shows which account has this address.
    guard let made = try await users().first(where: { $0.email == email }) else {
      throw NPMError(
        .npmUnclear, "NPM does not show the account \(email) that it made", hint: "look at it in NPM: Users")
    }
    let path = "/api/users/\(made.id)"
    _ = try await transport.call(
      "PUT", "\(path)/auth", ["type": "password", "secret": .string(secret.reveal())])
    _ = try await transport.call("PUT", "\(path)/permissions", NPMAccount.needed)
    let account: NPMAccount = try await transport.decode(transport.call("GET", "\(path)?expand=permissions"))
    guard account.email == email, account.lacking.isEmpty, account.seesAll, !account.isAdministrator else {
      throw NPMError(
        .npmUnclear, "NPM did not give the account \(email) the rights that were asked for",
        hint: "look at it in NPM: Users, Edit Permissions")
    }
    return account
  }

  private func users() async throws(NPMError) -> [NPMAccount] {
    try await transport.decode(transport.call("GET", "/api/users?expand=permissions"))
  }
}
