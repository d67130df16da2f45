import Model
import Platform

/// Access lists as far as hosts need them.
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
    return .json(200, .array(shown.map { .object(Self.masked($0, state, call.query["expand"] ?? "")) }))
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
    var row: [String: JSONValue] = [
      "name": body["name"], "satisfy_any": .bool(body["satisfy_any"].boolValue ?? false),
      "pass_auth": .bool(body["pass_auth"].boolValue ?? true), "meta": [:], "owner_user_id": .int(user.id),
      "created_on": now, "modified_on": now,
    ]
    let plain = row
    let id = await engine.withState { $0.accessLists.insert(plain) }
    // Without items the real server fails after it has written the row.
    let items = body["items"].arrayValue
    guard let items, items.allSatisfy({ !$0["username"].isNull }) else { throw NPMFault.internalError }
    row = await engine.withState { state in
      state.accessLists.rows[id]?["items"] = Self.items(body["items"], id, now, &state.nextItemID)
      state.accessLists.rows[id]?["clients"] = Self.items(body["clients"], id, now, &state.nextClientID)
      return state.accessLists.rows[id] ?? [:]
    }
    var answer = Self.masked(row, await engine.state, "owner,items,clients")
    answer["proxy_hosts"] = []
    return .json(201, .object(answer))
  }

  /// Without a name the two switches are ignored; users with an empty password keep theirs; addresses are replaced.
  func update(_ text: String, _ call: SimulatorCall) async throws -> SimulatorAnswer {
    let body = try call.body(as: Self.updateSchema(engine.dialect))
    guard let id = RowID.lenient(text) else { throw NPMFault.notFound(nil) }
    let now = JSONValue.string(engine.now().sqlText)
    let row = await engine.withState { state -> [String: JSONValue]? in
      guard var row = state.accessLists.rows[id] else { return nil }
      if !body["name"].isNull {
        for key in ["name", "satisfy_any", "pass_auth"] where !body[key].isNull { row[key] = body[key] }
      }
      if let items = body["items"].arrayValue { row["items"] = Self.merged(items, row, id, now, &state.nextItemID) }
      if !body["clients"].isNull { row["clients"] = Self.items(body["clients"], id, now, &state.nextClientID) }
      row["modified_on"] = now
      state.accessLists.rows[id] = row
      return row
    }
    guard let row else { throw NPMFault.notFound(String(id)) }
    return .json(200, .object(Self.masked(row, await engine.state, "owner,items,clients,proxy_hosts")))
  }

  private static func merged(
    _ sent: [JSONValue], _ row: [String: JSONValue], _ id: Int, _ now: JSONValue, _ next: inout Int
  ) -> JSONValue {
    let old = row["items"]?.arrayValue ?? []
    let kept = old.filter { item in sent.contains { $0["username"] == item["username"] && $0["password"] == "" } }
    let new = sent.filter { $0["password"] != "" }
    return .array(kept + (items(.array(new), id, now, &next).arrayValue ?? []))
  }

  func delete(_ text: String) async throws -> SimulatorAnswer {
    guard let id = RowID.lenient(text) else { throw NPMFault.notFound(nil) }
    let removed = await engine.withState { $0.accessLists.rows.removeValue(forKey: id) }
    guard removed != nil else { throw NPMFault.notFound(String(id)) }
    // Hosts that used it become open, as in the real NPM.
    for (number, row) in await engine.state.hosts[.proxy]?.rows ?? [:] where row["access_list_id"] == .int(id) {
      await engine.store(.proxy, number, row.merging(["access_list_id": 0]) { _, new in new })
    }
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

  /// Passwords are masked on these routes: the first letter and as many stars as there are characters.
  private static func masked(_ row: [String: JSONValue], _ state: SimulatorState, _ expand: String) -> [String:
    JSONValue]
  {
    var shown = row
    let uses = state.hosts[.proxy]?.rows.values.count { $0["access_list_id"] == row["id"] } ?? 0
    shown["proxy_host_count"] = .int(uses)
    let relations = expand.split(separator: ",")
    if relations.contains("owner") {
      shown["owner"] = state.users.first { .int($0.id) == row["owner_user_id"] }?.json(withDeleted: true) ?? .null
    }
    if relations.contains("proxy_hosts") {
      let users = state.hosts[.proxy]?.rows.values.filter { $0["access_list_id"] == row["id"] } ?? []
      // With the passwords in clear, as in the real NPM.
      let relations: Set = ["certificate", "access_list.items", "access_list.clients"]
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
  /// An IPv4 network as far as digits and dots go, anything with a colon, or `all`.
  private static let address = Schema.string(
    lengths: 1...Int.max,
    pattern: Schema.Pattern(text: "an address") { text in
      text == "all" || text.contains(":")
        || text.prefix { $0 != "/" }.split(separator: ".").compactMap { Int($0) }.count == 4
    })
  private static func schema(_ dialect: Dialect) -> Schema { .object(properties(dialect), required: ["name"]) }
  private static func updateSchema(_ dialect: Dialect) -> Schema {
    .object(properties(dialect), required: [], minimum: 1)
  }
  private static func properties(_ dialect: Dialect) -> [Schema.Property] {
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
            .init("address", address), .init("directive", .string(lengths: 0...Int.max, choices: ["allow", "deny"])),
          ],
          required: []), counts: 0...Int.max, isUnique: false)),
  ]
}
