import Model

/// Adds the relations in `expand` to a row.
enum Relations {
  static func expand(
    _ row: [String: JSONValue], _ relations: Set<String>, _ kind: HostKind, _ state: SimulatorState
  ) -> [String: JSONValue] {
    var result = row
    if relations.contains("owner") {
      let owner = state.users.first { .int($0.id) == row["owner_user_id"] }
      result["owner"] = owner.map { $0.json(withDeleted: kind == .redirection || kind == .dead) } ?? .null
    }
    if relations.contains("certificate") { result["certificate"] = certificate(row, kind, state) }
    let wantsItems = relations.contains("access_list.items")
    let wantsClients = relations.contains("access_list.clients")
    if wantsItems || wantsClients || relations.contains("access_list") {
      result["access_list"] = accessList(row, state, items: wantsItems, clients: wantsClients)
    }
    return result
  }

  private static func certificate(
    _ row: [String: JSONValue], _ kind: HostKind, _ state: SimulatorState
  ) -> JSONValue {
    guard let id = row["certificate_id"]?.intValue, var found = state.certificates.rows[id] else { return .null }
    // For 404 hosts with the private key, as in the real NPM.
    if kind != .dead { found["meta"] = [:] }
    if kind != .stream { found["is_deleted"] = false }
    return .object(found)
  }

  /// Passwords are in clear text here, as in the real NPM.
  private static func accessList(
    _ row: [String: JSONValue], _ state: SimulatorState, items: Bool, clients: Bool
  ) -> JSONValue {
    guard let id = row["access_list_id"]?.intValue, var found = state.accessLists.rows[id] else { return .null }
    found["is_deleted"] = false
    if !items { found["items"] = nil }
    if !clients { found["clients"] = nil }
    return .object(found)
  }
}
