import HTTPServer
import Model

/// Passes a call to its route and returns NPM's error messages.
struct Router {
  let engine: SimulatorEngine
  let version: NPMVersion

  private var dialect: ReleaseProfile { engine.dialect }

  func answer(_ sent: SimulatorCall) async -> SimulatorAnswer {
    var call = sent
    call.missesPayload = dialect.missesPayload
    let withDebug = call.path.hasPrefix("/nginx/certificates")
    // Creating without permission fails at a different place than all other calls.
    let isHostCreate = call.method == "POST" && call.parts.count == 2 && call.parts[0] == "nginx"
    do {
      return try await route(call)
    } catch {
      let fault = dialect.fault(
        error as? NPMFault ?? .internalError, path: call.path, isHostCreate: isHostCreate)
      let withCode = fault.status != 500 || dialect.hasCodeOn500
      return .json(fault.status, fault.json(withDebug: withDebug, withCode: withCode))
    }
  }

  private func pathNotFound(_ call: SimulatorCall) -> NPMFault { NPMFault(404, "Not Found - \(call.path)") }

  private func route(_ call: SimulatorCall) async throws -> SimulatorAnswer {
    let parts = call.parts.map(String.init)
    if call.path.count > 1, call.path.hasSuffix("/") { throw pathNotFound(call) }
    switch (call.method, parts.first ?? "") {
    case ("GET", "") where call.path == "/": return await health()
    case ("POST", "tokens") where parts.count == 1: return try await engine.login(call)
    case ("GET", "tokens") where parts.count == 1: return try await engine.refresh(call)
    case ("GET", "version") where parts == ["version", "check"] && dialect.hasVersionCheck:
      return .json(200, ["current": .null, "latest": .null, "update_available": false])
    case (_, "version"): throw pathNotFound(call)
    case ("GET", "schema") where parts.count == 1: return schema()
    case ("OPTIONS", _): return SimulatorAnswer(status: 204, body: .text([], type: ""))
    default: return try await authenticated(call, parts)
    }
  }

  private func health() async -> SimulatorAnswer {
    let isSetUp = await engine.state.isSetUp
    var members: [String: JSONValue] = [
      "status": "OK",
      "version": ["major": .int(version.major), "minor": .int(version.minor), "revision": .int(version.revision)],
    ]
    if dialect.hasSetup { members["setup"] = .bool(isSetUp) }
    return .json(200, .object(members))
  }

  private func schema() -> SimulatorAnswer {
    .json(200, ["openapi": "3.1.0", "info": ["title": "NPM simulator", "version": .string(version.description)]])
  }

  private func authenticated(_ call: SimulatorCall, _ parts: [String]) async throws -> SimulatorAnswer {
    let caller = try await engine.caller(call)
    switch parts.first {
    case "users": return try await users(call, parts, caller)
    case "nginx": return try await nginx(call, parts, caller)
    case "audit-log" where parts.count == 1 && call.method == "GET":
      guard case .user(let user) = caller, user.isAdmin else { throw NPMFault.denied }
      return await auditLog(call)
    case "settings" where parts.count <= 2:
      guard case .user(let user) = caller, user.isAdmin else { throw NPMFault.denied }
      return try await SettingRoutes(engine: engine).answer(call)
    case "reports" where parts == ["reports", "hosts"] && call.method == "GET":
      guard case .user(let user) = caller else { throw NPMFault.denied }
      return await report(user)
    default: throw pathNotFound(call)
    }
  }

  private func users(_ call: SimulatorCall, _ parts: [String], _ caller: Principal) async throws -> SimulatorAnswer {
    let routes = AccountRoutes(engine: engine, caller: caller)
    switch (call.method, parts.count) {
    case ("POST", 1): return try await routes.create(call)
    case ("GET", 1): return try await routes.list(call)
    case ("GET", 2): return try await routes.get(parts[1], call)
    case ("PUT", 2): return try await routes.update(parts[1], call)
    case ("DELETE", 2): return try await routes.delete(parts[1])
    case ("PUT", 3) where parts[2] == "permissions": return try await routes.setPermissions(parts[1], call)
    case ("PUT", 3) where parts[2] == "auth": return try await routes.setPassword(parts[1], call)
    default: throw pathNotFound(call)
    }
  }

  private func nginx(_ call: SimulatorCall, _ parts: [String], _ caller: Principal) async throws -> SimulatorAnswer {
    var user: SimulatedUser?
    if case .user(let known) = caller { user = known }
    guard parts.count >= 2 else { throw pathNotFound(call) }
    if parts == ["nginx", "certificates", "validate"], call.method == "POST" {
      return try CertificateRoutes.validate(call)
    }
    if parts == ["nginx", "certificates", "dns-providers"], !dialect.hasDNSProviders {
      throw NPMFault(400, "Internal Error")
    }
    if let kind = HostKind(rawValue: parts[1]) {
      return try await hosts(call, parts, HostRoutes(engine: engine, kind: kind, user: user))
    }
    let isCertificate = parts[1] == "certificates"
    guard isCertificate || parts[1] == "access-lists" else { throw pathNotFound(call) }
    let permission = user?.permissions[isCertificate ? "certificates" : "access_lists"]
    guard let user, user.isAdmin || permission == "manage" || (permission == "view" && call.method == "GET") else {
      throw NPMFault.denied
    }
    return isCertificate
      ? try await certificates(call, parts, CertificateRoutes(engine: engine, user: user))
      : try await accessLists(call, parts, AccessListRoutes(engine: engine, user: user))
  }

  private func hosts(_ call: SimulatorCall, _ parts: [String], _ routes: HostRoutes) async throws -> SimulatorAnswer {
    switch (call.method, parts.count) {
    case ("GET", 2), ("HEAD", 2): return try await routes.list(call)
    case ("POST", 2): return try await routes.create(call)
    case ("GET", 3), ("HEAD", 3): return try await routes.get(parts[2], call)
    case ("PUT", 3): return try await routes.update(parts[2], call)
    case ("DELETE", 3): return try await routes.delete(parts[2])
    case ("POST", 4) where parts[3] == "enable": return try await routes.setEnabled(parts[2], true)
    case ("POST", 4) where parts[3] == "disable": return try await routes.setEnabled(parts[2], false)
    default: throw pathNotFound(call)
    }
  }

  private func certificates(
    _ call: SimulatorCall, _ parts: [String], _ routes: CertificateRoutes
  ) async throws -> SimulatorAnswer {
    switch (call.method, parts.count, parts.last) {
    case ("GET", 2, _): return try await routes.list(call)
    case ("POST", 2, _): return try await routes.create(call)
    case ("GET", 3, "dns-providers"): return .json(200, DNSProviders.json)
    case ("POST", 3, "test-http") where dialect.testsHTTPByPost: return CertificateRoutes.testHTTP(call)
    case ("GET", 3, _): return try await routes.get(parts[2], call)
    case ("DELETE", 3, _): return try await routes.delete(parts[2])
    case ("POST", 4, "renew"): return try await routes.renew(parts[2])
    case ("GET", 4, "download"): return try await routes.letsEncryptOnly(parts[2], "downloaded")
    case ("POST", 4, "upload"):
      guard call.contentType.hasPrefix("multipart/") else { return .json(400, ["error": "No files were uploaded"]) }
      return try await routes.upload(parts[2], call)
    default: throw pathNotFound(call)
    }
  }

  private func accessLists(
    _ call: SimulatorCall, _ parts: [String], _ routes: AccessListRoutes
  ) async throws -> SimulatorAnswer {
    switch (call.method, parts.count) {
    case ("GET", 2): return try await routes.list(call)
    case ("POST", 2): return try await routes.create(call)
    case ("GET", 3): return try await routes.get(parts[2], call)
    case ("PUT", 3): return try await routes.update(parts[2], call)
    case ("DELETE", 3): return try await routes.delete(parts[2])
    default: throw pathNotFound(call)
    }
  }

  private func auditLog(_ call: SimulatorCall) async -> SimulatorAnswer {
    let state = await engine.state
    let withUser = call.query["expand"]?.contains("user") == true
    let newest = state.auditLog.reversed().prefix(100).map { entry in
      var shown = entry
      if withUser {
        shown["user"] = state.users.first { .int($0.id) == entry["user_id"] }?.json(withDeleted: true) ?? .null
      }
      return JSONValue.object(shown)
    }
    return .json(200, .array(newest))
  }

  private func report(_ user: SimulatedUser) async -> SimulatorAnswer {
    let seesAll = user.isAdmin || user.permissions["visibility"] == "all"
    let state = await engine.state
    var counts: [String: JSONValue] = [:]
    for kind in HostKind.allCases {
      let rows = state.hosts[kind]?.rows.values.filter { seesAll || $0["owner_user_id"] == .int(user.id) } ?? []
      counts[kind.report] = .int(rows.count)
    }
    return .json(200, .object(counts))
  }
}
