import Model
import Platform

/// Access list routes, to the extent that hosts need them.
struct AccessListRoutes {
  let engine: SimulatorEngine
  let user: SimulatedUser

  func list(_ call: SimulatorCall) async throws -> SimulatorAnswer {
    let query = try HostRoutes.searchText(call)
    let state = await engine.state
    let rows = state.accessLists.rows.values.filter { row in
      query.map { DomainText.matches(row["name"]?.stringValue ?? "", like: $0) } ?? true
    }
    let shown = rows.sorted { left, right in
      func rank(_ row: [String: JSONValue]) -> (String, Int) {
        (row["name"]?.stringValue ?? "", row["id"]?.intValue ?? 0)
      }
      return rank(left) < rank(right)
    }
    let expand = call.query["expand"] ?? ""
    // Since 2.13 NPM fails to list access lists with their hosts.
    if engine.dialect.hidesDenials, expand.contains("proxy_hosts") { throw NPMFault.internalError }
    return .json(200, .array(shown.map { .object(Self.masked($0, state, expand)) }))
  }

  func get(_ text: String, _ call: SimulatorCall) async throws -> SimulatorAnswer {
    let (id, shown) = try RowID.strict(text)
    let state = await engine.state
    guard let id, let row = state.accessLists.rows[id] else { throw NPMFault.notFound(shown) }
    return .json(200, .object(Self.masked(row, state, call.query["expand"] ?? "")))
  }

  func create(_ call: SimulatorCall) async throws -> SimulatorAnswer {
    let body = try call.body(as: Self.schema(engine.dialect))
    let now = JSONValue.string(engine.now().sqlText)
    let row: [String: JSONValue] = [
      "name": body["name"], "satisfy_any": .bool(body["satisfy_any"].boolValue ?? false),
      "pass_auth": .bool(body["pass_auth"].boolValue ?? true), "meta": [:], "owner_user_id": .int(user.id),
      "created_on": now, "modified_on": now,
    ]
    let id = await engine.withState { $0.accessLists.insert(row) }
    // Without items the real server fails after it has written the row.
    guard body["items"].arrayValue != nil else { throw NPMFault.internalError }
    try await replace("items", body["items"], of: id, keeping: [])
    try await replace("clients", body["clients"], of: id, keeping: [])
    await engine.record("created", "access-list", id, user: user.id, body)
    let state = await engine.state
    var answer = Self.masked(state.accessLists.rows[id] ?? [:], state, "owner,items,clients")
    answer["proxy_hosts"] = []
    return .json(201, .object(answer))
  }

  /// Without a name the two switches are ignored; users with an empty password keep theirs; addresses are replaced.
  /// Every host with this list is reconfigured without a test before.
  func update(_ text: String, _ call: SimulatorCall) async throws -> SimulatorAnswer {
    let body = try call.body(as: Self.updateSchema(engine.dialect))
    guard let id = RowID.lenient(text) else { throw NPMFault.notFound(nil) }
    let now = JSONValue.string(engine.now().sqlText)
    let isThere = await engine.withState { state -> Bool in
      guard var row = state.accessLists.rows[id] else { return false }
      if !body["name"].isNull {
        for key in ["name", "satisfy_any", "pass_auth"] where !body[key].isNull { row[key] = body[key] }
        row["modified_on"] = now
      }
      state.accessLists.rows[id] = row
      return true
    }
    guard isThere else { throw NPMFault.notFound(String(id)) }
    if let items = body["items"].arrayValue {
      let kept = items.filter { $0["password"] == "" }.map { $0["username"] }
      try await replace("items", .array(items.filter { $0["password"] != "" }), of: id, keeping: kept)
    }
    if !body["clients"].isNull { try await replace("clients", body["clients"], of: id, keeping: []) }
    try await engine.configureUntested(hosts(on: id))
    await engine.record("updated", "access-list", id, user: user.id, body)
    let state = await engine.state
    return .json(
      200,
      .object(Self.masked(state.accessLists.rows[id] ?? [:], state, "owner,items,clients,proxy_hosts", isWritten: true))
    )
  }

  private func hosts(on id: Int) async -> [Int] {
    (await engine.state.hosts[.proxy]?.rows ?? [:]).filter { $0.value["access_list_id"] == .int(id) }.map(\.key)
      .sorted()
  }

  /// Removes the old entries first. Then an entry without its key column makes NPM fail, and one without its other
  /// column is not stored.
  private func replace(
    _ member: String, _ sent: JSONValue, of id: Int, keeping names: [JSONValue]
  ) async throws {
    let now = JSONValue.string(engine.now().sqlText)
    let (key, optional) = member == "items" ? ("username", "password") : ("directive", "address")
    let list = sent.arrayValue ?? []
    await engine.withState { state in
      let old = state.accessLists.rows[id]?[member]?.arrayValue ?? []
      state.accessLists.rows[id]?[member] = .array(old.filter { names.contains($0["username"]) })
    }
    guard list.allSatisfy({ !$0[key].isNull }) else { throw NPMFault.internalError }
    let stored = JSONValue.array(list.filter { !$0[optional].isNull && $0[optional] != "" })
    await engine.withState { state in
      let kept = state.accessLists.rows[id]?[member]?.arrayValue ?? []
      let new =
        member == "items"
        ? Self.items(stored, id, now, &state.nextItemID) : Self.items(stored, id, now, &state.nextClientID)
      state.accessLists.rows[id]?[member] = .array(kept + (new.arrayValue ?? []))
    }
  }

  func delete(_ text: String) async throws -> SimulatorAnswer {
    guard let id = RowID.lenient(text) else { throw NPMFault.notFound(nil) }
    let users = await hosts(on: id)
    let removed = await engine.withState { $0.accessLists.rows.removeValue(forKey: id) }
    guard let removed else { throw NPMFault.notFound(String(id)) }
    // Hosts that used it lose their access control, as in the real NPM.
    for number in users {
      let row = await engine.row(.proxy, number) ?? [:]
      await engine.store(.proxy, number, row.merging(["access_list_id": 0]) { _, new in new })
    }
    if !users.isEmpty { try await engine.configureUntested(users) }
    await engine.record("deleted", "access-list", id, user: user.id, .object(removed))
    return .json(200, true)
  }

  private static func items(_ list: JSONValue, _ id: Int, _ now: JSONValue, _ next: inout Int) -> JSONValue {
    var result: [JSONValue] = []
    for item in list.arrayValue ?? [] {
      var members = item.objectValue ?? [:]
      members.merge(
        ["id": .int(next), "access_list_id": .int(id), "created_on": now, "modified_on": now, "meta": [:]]
      ) { _, new in new }
      next += 1
      result.append(.object(members))
    }
    return .array(result)
  }

  /// These routes mask passwords: the first letter, then as many stars as there are characters.
  private static func masked(
    _ row: [String: JSONValue], _ state: SimulatorState, _ expand: String, isWritten: Bool = false
  ) -> [String: JSONValue] {
    var shown = row
    let uses = state.hosts[.proxy]?.rows.values.count { $0["access_list_id"] == row["id"] } ?? 0
    shown["proxy_host_count"] = .int(uses)
    let relations = expand.split(separator: ",")
    if relations.contains("owner") {
      shown["owner"] = state.users.first { .int($0.id) == row["owner_user_id"] }?.json(withDeleted: true) ?? .null
    }
    if relations.contains("proxy_hosts") {
      let users = state.hosts[.proxy]?.rows.values.filter { $0["access_list_id"] == row["id"] } ?? []
      // After a write it includes the passwords in clear text, as in the real NPM.
      let relations: Set = isWritten ? ["certificate", "access_list.items", "access_list.clients"] : []
      shown["proxy_hosts"] = .array(
        users.map { .object(Relations.expand($0, relations, .proxy, state).merging(["is_deleted": false]) { $1 }) })
    }
    if !relations.contains("clients") { shown["clients"] = nil } else { shown["clients"] = row["clients"] ?? [] }
    guard relations.contains("items") else {
      shown["items"] = nil
      return shown
    }
    shown["items"] = .array(
      (row["items"]?.arrayValue ?? []).map { item in
        let password = item["password"].stringValue ?? ""
        let units = Array(password.utf16)
        let hint =
          String(decoding: units.prefix(1), as: UTF16.self) + String(repeating: "*", count: max(0, units.count - 1))
        return .object(
          (item.objectValue ?? [:]).merging(["password": "", "hint": .string(String(hint))]) { _, new in new })
      })
    return shown
  }

  private static let text = Schema.string(lengths: 0...Int.max)
  private static func schema(_ dialect: ReleaseProfile) -> Schema { .object(properties(dialect), required: ["name"]) }
  private static func updateSchema(_ dialect: ReleaseProfile) -> Schema {
    .object(properties(dialect), required: [], minimum: 1)
  }
  private static func properties(_ dialect: ReleaseProfile) -> [Schema.Property] {
    fields + (dialect.hasAccessListMeta ? [.init("meta", .freeObject)] : [])
  }
  private static let fields: [Schema.Property] = [
    .init("name", .string(lengths: 1...Int.max)), .init("satisfy_any", .boolean), .init("pass_auth", .boolean),
    .init(
      "items",
      .array(
        .object([.init("username", .string(lengths: 1...Int.max)), .init("password", text)], required: []),
        counts: 0...Int.max, isUnique: false)),
    .init(
      "clients",
      .array(
        .object(
          [
            .init("address", AddressPatterns.schema),
            .init("directive", .string(lengths: 0...Int.max, choices: ["allow", "deny"])),
          ],
          required: []), counts: 0...Int.max, isUnique: false)),
  ]
}
