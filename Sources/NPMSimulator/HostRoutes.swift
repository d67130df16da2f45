import Model
import Platform

/// Routes of proxy, redirection and 404 hosts and streams, which NPM handles alike.
struct HostRoutes {
  let engine: SimulatorEngine
  let kind: HostKind
  let user: SimulatedUser?

  // MARK: Reads

  func list(_ call: SimulatorCall) async throws -> SimulatorAnswer {
    let query = try Self.searchText(call)
    let relations = try expansions(call)
    if !engine.dialect.expandsNestedLists, relations.contains(where: { $0.contains(".") }) {
      throw NPMFault.internalError
    }
    let user = try permitted(to: "view")
    if query == nil, relations.isEmpty, sees(all: user) {
      return SimulatorAnswer(
        status: 200, body: .text(try await engine.encodedList(kind), type: SimulatorHandler.jsonType))
    }
    var rows: [JSONValue] = []
    for id in await engine.ids(kind) {
      guard let row = await engine.row(kind, id), isVisible(row, to: user) else { continue }
      if let query, !DomainText.matches(searchable(row), like: query) { continue }
      rows.append(.object(Self.withoutKey(await expanded(row, relations))))
    }
    return .json(200, .array(rows))
  }

  /// The text that `query` searches.
  private func searchable(_ row: [String: JSONValue]) -> String {
    kind == .stream ? row["incoming_port"]?.intValue?.description ?? "" : DomainText.of(row)
  }

  /// The `query` parameter: nil if absent or empty, refused beyond 255 characters.
  static func searchText(_ call: SimulatorCall) throws -> String? {
    guard let text = call.query["query"], !text.isEmpty else { return nil }
    guard text.count <= 255 else { throw NPMFault(400, "Internal Error") }
    return text
  }

  func get(_ text: String, _ call: SimulatorCall) async throws -> SimulatorAnswer {
    let (id, shown) = try RowID.strict(text)
    let relations = try expansions(call)
    let user = try permitted(to: "view")
    guard let id, let row = await engine.row(kind, id), isVisible(row, to: user) else { throw NPMFault.notFound(shown) }
    return .json(200, .object(await expanded(row, relations)))
  }

  // MARK: Writes

  func create(_ call: SimulatorCall) async throws -> SimulatorAnswer {
    var body = try call.body(as: kind.createSchema(engine.dialect)).objectValue ?? [:]
    let user = try permitted(to: "manage")
    if let taken = await engine.taken(domains(body), except: kind, nil) {
      throw NPMFault(400, "\(taken) is already in use")
    }
    let wantsNew = body["certificate_id"] == "new"
    if wantsNew { body["certificate_id"] = nil }
    if kind == .stream { body["domain_names"] = nil }
    if kind != .stream { TLSFlags.clean(&body, existing: [:]) }
    let now = JSONValue.string(engine.now().sqlText)
    var row = kind.defaults(engine.dialect).merging(body) { _, new in new }
    sortDomains(&row)
    row["created_on"] = now
    row["modified_on"] = now
    row["owner_user_id"] = .int(user.id)
    let sentMeta = row["meta"] ?? [:]
    let id = await engine.insert(kind, row)
    if wantsNew {
      // If the request fails, as it does without internet, the row stays without an nginx configuration.
      let names = domains(row)
      let certificate = try await engine.requestCertificate(names, meta: [:], user: user.id)
      await engine.store(
        kind, id, (engine.row(kind, id) ?? row).merging(["certificate_id": .int(certificate)]) { $1 })
    }
    try await engine.configure(kind, id)
    let noted: [String: JSONValue] = ["owner_user_id": .int(user.id), "meta": sentMeta]
    let extra: [String: JSONValue] = kind == .stream ? [:] : ["advanced_config": row["advanced_config"] ?? ""]
    await engine.record(
      "created", kind.auditName, id, user: user.id, .object(body.merging(noted) { $1 }.merging(extra) { $1 }))
    var answer = await engine.row(kind, id) ?? [:]
    answer["meta"] = sentMeta
    return .json(201, .object(await expanded(answer, writeRelations)))
  }

  func update(_ text: String, _ call: SimulatorCall) async throws -> SimulatorAnswer {
    var body = try call.body(as: kind.updateSchema(engine.dialect)).objectValue ?? [:]
    let user = try permitted(to: "manage")
    let id = RowID.lenient(text)
    if let id, let taken = await engine.taken(domains(body), except: kind, id) {
      throw NPMFault(400, "\(taken) is already in use")
    }
    let (row, number) = try await existing(id, user)
    if body["certificate_id"] == "new" {
      body["certificate_id"] = .int(
        try await engine.requestCertificate(domains(row.merging(body) { $1 }), meta: [:], user: user.id))
    }
    let isStale = kind == .dead && engine.dialect.configuresDeadHostsStale
    if body["certificate_id"] == .null { body["certificate_id"] = 0 }
    if kind != .stream && !isStale { TLSFlags.clean(&body, existing: row) }
    var updated = row.merging(body) { _, new in new }
    sortDomains(&updated)
    updated["modified_on"] = .string(engine.now().sqlText)
    await engine.store(kind, number, updated)
    if isStale { return try await finishStale(number, updated, before: row, body, user) }
    // A disabled stream is configured too: as an empty file, which nginx accepts.
    if updated["enabled"] != false || kind == .stream { try await engine.configure(kind, number) }
    await engine.record("updated", kind.auditName, number, user: user.id, .object(body))
    return .json(200, .object(await expanded(engine.row(kind, number) ?? [:], writeRelations)))
  }

  /// The response shows the row as first stored; nginx was configured from the previous row, with its `meta`.
  private func finishStale(
    _ id: Int, _ updated: [String: JSONValue], before: [String: JSONValue], _ body: [String: JSONValue],
    _ user: SimulatedUser
  ) async throws -> SimulatorAnswer {
    await engine.record("updated", kind.auditName, id, user: user.id, .object(body))
    await engine.store(kind, id, updated.merging(["meta": before["meta"] ?? [:]]) { $1 })
    try await engine.configureStale(kind, id, before: before)
    return .json(200, .object(Self.withoutKey(await expanded(updated, writeRelations))))
  }

  private static func withoutKey(_ row: [String: JSONValue]) -> [String: JSONValue] {
    guard var certificate = row["certificate"]?.objectValue else { return row }
    certificate["meta"] = [:]
    return row.merging(["certificate": .object(certificate)]) { $1 }
  }

  func delete(_ text: String) async throws -> SimulatorAnswer {
    let user = try permitted(to: "manage")
    let (row, id) = try await existing(RowID.lenient(text), user)
    await engine.store(kind, id, nil)
    try await engine.removeConfiguration(kind, id)
    await engine.record("deleted", kind.auditName, id, user: user.id, .object(row))
    return .json(200, true)
  }

  func setEnabled(_ text: String, _ isEnabled: Bool) async throws -> SimulatorAnswer {
    let user = try permitted(to: "manage")
    var (row, id) = try await existing(RowID.lenient(text), user)
    guard row["enabled"] != .bool(isEnabled) else {
      let what = kind == .stream ? "Stream" : "Host"
      throw NPMFault(400, "\(what) is already \(isEnabled ? "enabled" : "disabled")")
    }
    row["enabled"] = .bool(isEnabled)
    row["modified_on"] = .string(engine.now().sqlText)
    await engine.store(kind, id, row)
    if isEnabled {
      try await engine.configureOnEnable(kind, id)
    } else {
      try await engine.removeConfiguration(kind, id)
    }
    let shown = await expanded(row, isEnabled ? ["owner", "certificate", "access_list"] : [])
    await engine.record(
      isEnabled ? "enabled" : "disabled", kind.auditName, id, user: user.id,
      .object(shown.merging(["enabled": .int(isEnabled ? 1 : 0)]) { $1 }))
    return .json(200, isEnabled || kind != .dead || !engine.dialect.disablesDeadHostsOddly ? true : [:])
  }

  // MARK: Parts

  private func existing(_ id: Int?, _ user: SimulatedUser) async throws -> ([String: JSONValue], Int) {
    guard let id, id != 0 else { throw NPMFault.notFound(nil) }
    guard let row = await engine.row(kind, id), isVisible(row, to: user) else { throw NPMFault.notFound(String(id)) }
    return (row, id)
  }

  private func permitted(to right: String) throws -> SimulatedUser {
    guard let user, user.isAdmin || isGranted(user, right) else { throw NPMFault.denied }
    return user
  }

  private func isGranted(_ user: SimulatedUser, _ right: String) -> Bool {
    let granted = user.permissions[kind.permission]
    return granted == "manage" || (right == "view" && granted == "view")
  }

  private func sees(all user: SimulatedUser) -> Bool { user.isAdmin || user.permissions["visibility"] == "all" }

  private func isVisible(_ row: [String: JSONValue], to user: SimulatedUser) -> Bool {
    sees(all: user) || row["owner_user_id"] == .int(user.id)
  }

  private func domains(_ body: [String: JSONValue]) -> [String] {
    body["domain_names"]?.arrayValue?.compactMap(\.stringValue) ?? []
  }

  private func sortDomains(_ row: inout [String: JSONValue]) {
    guard kind.hasDomains else { return }
    row["domain_names"] = .array(domains(row).sortedByCodeUnit().map { .string($0) })
  }

  private var writeRelations: Set<String> {
    kind == .proxy
      ? ["owner", "certificate", "access_list", "access_list.items", "access_list.clients"] : ["owner", "certificate"]
  }

  private func expansions(_ call: SimulatorCall) throws -> Set<String> {
    guard let text = call.query["expand"], !text.isEmpty else { return [] }
    let names = text.split(separator: ",").map(String.init)
    guard kind.relations.isSuperset(of: names) else { throw NPMFault.internalError }
    // Of two nested relations of one object the last one wins.
    let nested = names.filter { $0.contains(".") }
    return Set(names).subtracting(nested.dropLast())
  }

  private func expanded(_ row: [String: JSONValue], _ relations: Set<String>) async -> [String: JSONValue] {
    guard !relations.isEmpty else { return row }
    let kind = kind
    return await engine.withState { Relations.expand(row, relations, kind, $0) }
  }
}

/// Parses ids in paths as NPM does.
enum RowID {
  /// For read routes: a whole number from 1, or 400. Numbers too large for a row are shown in JavaScript's notation.
  static func strict(_ text: String) throws -> (id: Int?, shown: String) {
    guard let number = Double(text), number >= 1, number == number.rounded() else {
      throw NPMFault(400, "Internal Error")
    }
    if let id = Int(exactly: number) { return (id, String(id)) }
    guard number < 1e21 else { return (nil, "\(number)") }
    var digits = ""
    var rest = number
    while rest >= 1 {
      digits = String(Int(rest.truncatingRemainder(dividingBy: 10))) + digits
      rest = (rest / 10).rounded(.down)
    }
    return (nil, digits)
  }

  /// For write routes: the leading digits; nil if there are none.
  static func lenient(_ text: String) -> Int? { Int(text.prefix { $0.isNumber }) }
}

/// TLS flags depend on each other; NPM clears flags whose precondition is missing.
enum TLSFlags {
  static func clean(_ body: inout [String: JSONValue], existing: [String: JSONValue]) {
    // An explicit 0 or null counts as "has a certificate": NPM's validator converts it to a string.
    let hasCertificate = body["certificate_id"] != nil || (existing["certificate_id"]?.intValue ?? 0) != 0
    if body["certificate_id"] == .null { body["certificate_id"] = 0 }
    func flag(_ name: String) -> Bool { (body[name] ?? existing[name])?.boolValue ?? false }
    if !hasCertificate {
      body["ssl_forced"] = false
      body["http2_support"] = false
    }
    if !flag("ssl_forced") { body["hsts_enabled"] = false }
    if !flag("hsts_enabled") { body["hsts_subdomains"] = false }
  }
}
