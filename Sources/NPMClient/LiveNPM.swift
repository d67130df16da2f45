import FoundationEssentials
package import Model
import Platform
package import Upstream

/// NPM over its REST API.
package final class LiveNPM: NPMGateway {
  private let upstream: UpstreamClient
  private let session: NPMSession
  private let mapping = Lock(HostMapping(references: ReferenceTable(), version: NPMVersion(0, 0, 0)))

  package init(upstream: UpstreamClient, credentials: NPMCredentials, cache: any TokenCache) {
    self.upstream = upstream
    session = NPMSession(upstream: upstream, credentials: credentials, cache: cache)
  }

  // MARK: Reads

  package func server() async throws -> ServerFacts {
    let result = try await NPMCall.send(UpstreamRequest("GET", "/api/"), by: upstream)
    guard result.status == 200, let row = try? JSONDecoder().decode(HealthRow.self, from: Data(result.body)) else {
      throw NPMError(
        .npmNotNPM, "\(upstream.baseURL) does not answer like Nginx Proxy Manager (status \(result.status))",
        hint: "npm.url must be NPM's admin address, usually port 81", status: result.status)
    }
    let version = NPMVersion(row.version.major, row.version.minor, row.version.revision)
    mapping.withLock { $0.version = version }
    return ServerFacts(version: version, isSetUp: row.setup ?? true)
  }

  package func observe() async throws -> ObservedState {
    let facts = try await server()
    guard facts.isSetUp else {
      throw NPMError(
        .npmNotSetUp, "NPM at \(upstream.baseURL) has no user yet",
        hint: "open it in a browser and create the first user")
    }
    async let redirections = list("redirection-hosts", of: HolderRow.self)
    async let dead = list("dead-hosts", of: HolderRow.self)
    async let certificates = list("certificates", of: CertificateRow.self)
    async let accessLists = list("access-lists", of: AccessListRow.self)
    async let rows = list("proxy-hosts", of: HostRow.self)
    var references = ReferenceTable()
    for row in try await certificates { references.add(.certificate, ResourceID(row.id), row.nice_name) }
    for row in try await accessLists { references.add(.accessList, ResourceID(row.id), row.name) }
    let current = HostMapping(references: references, version: facts.version)
    mapping.withLock { $0 = current }
    let holders =
      try await redirections.map {
        DomainHolder(kind: .redirectionHost, id: ResourceID($0.id), domains: $0.domain_names)
      }
      + dead.map { DomainHolder(kind: .deadHost, id: ResourceID($0.id), domains: $0.domain_names) }
    return ObservedState(
      version: facts.version, resources: [.proxyHost: try await rows.map(current.observed)], holders: holders,
      references: references)
  }

  package func host(_ id: ResourceID) async throws -> ObservedResource? {
    do {
      let row: HostRow = try await decode(call("GET", "/api/nginx/proxy-hosts/\(id)"))
      return mapping.withLock { $0 }.observed(row)
    } catch let error as NPMError where error.code == .npmNotFound {
      return nil
    }
  }

  package func hosts() async throws -> [ObservedResource] {
    let current = mapping.withLock { $0 }
    return try await list("proxy-hosts", of: HostRow.self).map(current.observed)
  }

  package func auditLog() async throws -> [AuditEntry] {
    let rows: [AuditRow] = try await decode(call("GET", "/api/audit-log?expand=user"))
    return rows.map {
      AuditEntry(
        createdOn: $0.created_on, user: $0.user?.email ?? "", kind: $0.object_type, id: ResourceID($0.object_id),
        action: $0.action)
    }
  }

  private func list<Row: Decodable>(_ route: String, of: Row.Type) async throws -> [Row] {
    try await decode(call("GET", "/api/nginx/\(route)"))
  }

  // MARK: Writes

  package func create(_ spec: Spec, meta: JSONValue) async throws -> ResourceID {
    let body = try mapping.withLock { $0 }.body(spec, meta: meta, withEnabled: true)
    let answer = try await call("POST", "/api/nginx/proxy-hosts", body)
    do {
      return ResourceID(try decode(answer, as: CreatedRow.self).id)
    } catch var error as NPMError {
      error.isUnclear = true
      throw error
    }
  }

  package func update(_ id: ResourceID, _ spec: Spec, meta: JSONValue) async throws {
    let body = try mapping.withLock { $0 }.body(spec, meta: meta, withEnabled: false)
    _ = try await call("PUT", "/api/nginx/proxy-hosts/\(id)", body)
  }

  package func setEnabled(_ id: ResourceID, _ isEnabled: Bool) async throws {
    _ = try await call("POST", "/api/nginx/proxy-hosts/\(id)/\(isEnabled ? "enable" : "disable")")
  }

  package func delete(_ id: ResourceID) async throws {
    _ = try await call("DELETE", "/api/nginx/proxy-hosts/\(id)")
  }

  // MARK: Calls

  /// One call with a token; once more with a new one where NPM did not accept it.
  private func call(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> UpstreamResponse {
    var request = UpstreamRequest(method, path)
    if let body { request.body = Array(try JSONEncoder().encode(body)) }
    let isWrite = !request.isIdempotent
    let token = try await session.token()
    let first = try await send(request, token)
    switch AnswerClass.of(first, isWrite: isWrite) {
    case .success: return first
    case .failure(let error): throw error
    case .tokenRejected, .suspect: break
    }
    let second = try await send(request, session.replace(token))
    switch AnswerClass.of(second, isWrite: isWrite) {
    case .success: return second
    case .tokenRejected(let error), .suspect(let error), .failure(let error): throw error
    }
  }

  private func send(_ request: UpstreamRequest, _ token: Secret) async throws -> UpstreamResponse {
    var request = request
    request.headers = [("Authorization", "Bearer \(token.reveal())")]
    if request.body != nil { request.headers.append(("Content-Type", "application/json")) }
    return try await NPMCall.send(request, by: upstream)
  }

  private func decode<Value: Decodable>(_ result: UpstreamResponse, as: Value.Type = Value.self) throws -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: Data(result.body))
    } catch {
      throw NPMError(
        .npmNotNPM, "NPM's answer cannot be read: it is not the JSON that its API promises",
        hint: "if something stands between us and NPM, npm.url must reach NPM itself", status: result.status)
    }
  }
}
