import Model
import Platform

/// User and set-up routes.
struct AccountRoutes {
  let engine: SimulatorEngine
  let caller: Principal

  private var user: SimulatedUser? { if case .user(let user) = caller { user } else { nil } }

  func create(_ call: SimulatorCall) async throws -> SimulatorAnswer {
    let body = try call.body(as: Self.userSchema(required: ["name", "nickname", "email"]))
    let isSetUp = await engine.state.isSetUp
    guard !isSetUp || user?.isAdmin == true else { throw NPMFault.denied }
    let roles = (body["roles"].arrayValue ?? []).compactMap(\.stringValue)
    let now = engine.now().sqlText
    let created = SimulatedUser(
      id: await engine.nextUserID, email: body["email"].stringValue ?? "", name: body["name"].stringValue ?? "",
      nickname: body["nickname"].stringValue ?? "", avatar: "//www.gravatar.com/avatar/simulated?default=mm",
      roles: roles, isDisabled: body["is_disabled"].boolValue ?? false, secret: body["auth"]["secret"].stringValue,
      permissions: SimulatedUser.permissions(isAdmin: roles.contains("admin")), createdOn: now, modifiedOn: now)
    let login = await engine.nextLoginID
    await engine.addUser(created)
    // NPM takes the number of the login for that of the user from here on: as soon as the two differ, another user gets
    // the rights, and is what it answers with.
    if created.secret != nil, login != created.id, var other = await engine.state.user(login) {
      other.permissions = created.permissions
      await engine.replaceUser(other)
      var bare = created
      bare.permissions = [:]
      await engine.replaceUser(bare)
      return .json(201, other.detailed)
    }
    if let user { await engine.record("created", "user", created.id, user: user.id, created.detailed) }
    return .json(201, created.detailed)
  }

  /// - Parameter text: an id or `me`.
  func get(_ text: String, _ call: SimulatorCall) async throws -> SimulatorAnswer {
    guard let caller = user else { throw NPMFault.internalError }
    if text != "me" { _ = try RowID.strict(text) }
    let found = text == "me" ? caller : try await target(text)
    var answer = found.json().objectValue ?? [:]
    if call.query["expand"]?.contains("permissions") == true { answer["permissions"] = found.permissionsJSON }
    return .json(200, .object(answer))
  }

  func list(_ call: SimulatorCall) async throws -> SimulatorAnswer {
    guard user?.isAdmin == true else { throw NPMFault.denied }
    let withPermissions = call.query["expand"]?.contains("permissions") == true
    let rows = await engine.state.users.filter { !$0.isDeleted }.map { user in
      withPermissions ? user.detailed : user.json()
    }
    return .json(200, .array(rows))
  }

  func update(_ text: String, _ call: SimulatorCall) async throws -> SimulatorAnswer {
    let body = try call.body(as: Self.userSchema(required: [], minimum: 1))
    guard let user, user.isAdmin else { throw NPMFault.denied }
    var found = try await target(text)
    found.isDisabled = body["is_disabled"].boolValue ?? found.isDisabled
    found.name = body["name"].stringValue ?? found.name
    found.nickname = body["nickname"].stringValue ?? found.nickname
    found.email = body["email"].stringValue ?? found.email
    if let roles = body["roles"].arrayValue { found.roles = roles.compactMap(\.stringValue) }
    await engine.replaceUser(found)
    await engine.record(
      "updated", "user", found.id, user: user.id,
      .object((body.objectValue ?? [:]).merging(["id": .int(found.id), "avatar": .string(found.avatar)]) { $1 }))
    return .json(200, found.json())
  }

  func setPermissions(_ text: String, _ call: SimulatorCall) async throws -> SimulatorAnswer {
    guard let user, user.isAdmin else { throw NPMFault.denied }
    var found = try await target(text)
    for (key, value) in call.body?.objectValue ?? [:] { found.permissions[key] = value.stringValue }
    await engine.replaceUser(found)
    let row: [String: JSONValue] = [
      "id": .int(found.id), "user_id": .int(found.id), "created_on": .string(found.createdOn),
      "modified_on": .string(engine.now().sqlText),
    ]
    let permissions = (found.permissionsJSON.objectValue ?? [:]).merging(row) { $1 }
    await engine.record(
      "updated", "user", found.id, user: user.id, ["name": .string(found.name), "permissions": .object(permissions)])
    return .json(200, true)
  }

  func setPassword(_ text: String, _ call: SimulatorCall) async throws -> SimulatorAnswer {
    guard let user else { throw NPMFault.denied }
    var found = try await target(text)
    guard user.isAdmin || user.id == found.id else { throw NPMFault.denied }
    found.secret = call.body?["secret"].stringValue ?? found.secret
    await engine.replaceUser(found)
    await engine.record(
      "updated", "user", found.id, user: user.id,
      ["name": .string(found.name), "password_changed": true, "auth_type": "password"])
    return .json(200, true)
  }

  func delete(_ text: String) async throws -> SimulatorAnswer {
    guard let user, user.isAdmin else { throw NPMFault.denied }
    var found = try await target(text)
    if found.id == user.id { throw NPMFault(403, "Permission Denied") }
    found.isDeleted = true
    await engine.replaceUser(found)
    await engine.record("deleted", "user", found.id, user: user.id, found.json())
    return .json(200, true)
  }

  private func target(_ text: String) async throws -> SimulatedUser {
    guard let id = RowID.lenient(text), let found = await engine.state.user(id) else { throw NPMFault.notFound(text) }
    return found
  }

  private static func userSchema(required: [String], minimum: Int = 0) -> Schema {
    let text = Schema.string(lengths: 1...255)
    return .object(
      [
        .init("name", text), .init("nickname", text), .init("email", text), .init("is_disabled", .boolean),
        .init("roles", .array(text, counts: 0...100, isUnique: false)), .init("auth", .freeObject),
      ], required: required, minimum: minimum)
  }
}
