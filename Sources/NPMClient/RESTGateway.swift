import FoundationEssentials
package import Model
import Platform
package import Upstream

/// NPM over its REST API.
package final class RESTGateway: NPMGateway {
  private let upstream: UpstreamClient
  let transport: NPMTransport
  /// State of this NPM that writes need.
  private struct Known {
    var references = NameIndex()
    var version = NPMVersion(0, 0, 0)
    var unsupportedFields: [ResourceKind: Set<String>] = [:]
    /// The result of reading the schema, and its release.
    var published: (version: NPMVersion, unsupportedFields: [ResourceKind: Set<String>])?
  }

  private let known = Lock(Known())

  private let kinds: [ResourceSchema]

  /// - Parameter kinds: the kinds to read and manage, each after those that it refers to.
  package init(
    upstream: UpstreamClient, credentials: NPMCredentials, cache: any TokenCache,
    kinds: [ResourceSchema] = ResourceSchema.all
  ) {
    self.upstream = upstream
    self.kinds = kinds
    transport = NPMTransport(
      upstream: upstream, session: NPMSession(upstream: upstream, credentials: credentials, cache: cache))
  }

  // MARK: Reads

  package func server() async throws(NPMError) -> ServerInfo {
    let result = try await NPMCall.send(UpstreamRequest("GET", "/api/"), by: upstream)
    let info = try ServerRecognition.read(result, from: upstream.baseURL)
    known.withLock { $0.version = info.version }
    return info
  }

  package func observe(fixed: Set<ResourceKind>) async throws(NPMError) -> ObservedState {
    let kinds = kinds.filter { !$0.isSingleton || fixed.contains($0.kind) }
    let facts = try await server()
    guard facts.isSetUp else {
      throw NPMError.notSetUp("NPM at \(upstream.baseURL)")
    }
    let answers = try await lists(of: kinds)
    var references = NameIndex()
    var resources: [ResourceKind: [ObservedResource]] = [:]
    // Referenced kinds come first: their names resolve the ids in the others.
    for kind in kinds {
      let mapping = RowMapping(kind: kind, references: references, version: facts.version)
      guard let answer = answers[kind.kind] else { continue }
      let objects = try rows(answer, mapping)
      for object in objects { if let name = object.nameInNPM { references.add(object.kind, object.id, name) } }
      resources[kind.kind] = objects
    }
    resources = try await withoutGone(resources, references)
    let found = references
    let unsupportedFields = await lackingFields(facts.version)
    known.withLock {
      $0.references = found
      $0.unsupportedFields = unsupportedFields
    }
    return ObservedState(
      version: facts.version, resources: resources, references: references, unsupportedFields: unsupportedFields)
  }

  /// The answers to the lists of these kinds, requested at once; without those that the account may not read.
  private func lists(of kinds: [ResourceSchema]) async throws(NPMError) -> [ResourceKind: UpstreamResponse] {
    let answers = await withTaskGroup { group in
      for kind in kinds { group.addTask { (kind, await self.listing(kind.kind)) } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    var lists: [ResourceKind: UpstreamResponse] = [:]
    for (kind, answer) in answers {
      do {
        lists[kind.kind] = try answer.get()
      } catch  where kind.isSingleton && error.code == .npmForbidden {
        // Only administrators can read them; everything else continues without.
      }
    }
    return lists
  }

  /// Removes references to deleted objects, which rows keep when a certificate is deleted. A reference that is only not
  /// listed, because the account may not see its target, stays: NPM expands it in the row.
  private func withoutGone(
    _ resources: [ResourceKind: [ObservedResource]], _ references: NameIndex
  ) async throws(NPMError) -> [ResourceKind: [ObservedResource]] {
    var known: [ObjectRef: Bool] = [:]
    var cleaned = resources
    for kind in kinds {
      for (index, object) in (resources[kind.kind] ?? []).enumerated() {
        let unlisted = object.unlisted(references)
        guard !unlisted.isEmpty else { continue }
        var (spec, gone) = (object.spec, object.gone)
        for (field, target) in unlisted {
          if known[target] == nil { known[target] = try await isGone(field, of: object) }
          guard known[target] == true else { continue }
          spec[field] = .null
          gone[field] = target.id.number
        }
        cleaned[kind.kind]?[index] = object.with(spec: spec, gone: gone)
      }
    }
    return cleaned
  }

  private func isGone(_ field: String, of object: ObservedResource) async throws(NPMError) -> Bool {
    let mapping = try mapping(object.kind)
    let row: JSONValue = try await transport.decode(
      transport.call("GET", "\(mapping.path)/\(object.id)?expand=\(field)"))
    return row.objectValue?[field] != nil && row[field].isNull
  }

  /// From the schema that NPM publishes, read once per release. Without one, NPM is treated as the newest known.
  private func lackingFields(_ version: NPMVersion) async -> [ResourceKind: Set<String>] {
    if NPMVersion.observed.contains(version) { return [:] }
    let earlier = known.withLock { $0.published }
    if let earlier, earlier.version == version { return earlier.unsupportedFields }
    guard let answer = try? await NPMCall.send(UpstreamRequest("GET", "/api/schema"), by: upstream),
      answer.status == 200, let document = try? JSONDecoder().decode(JSONValue.self, from: Data(answer.body))
    else { return [:] }
    let schema = PublishedSchema(document: document)
    let unsupportedFields = Dictionary(
      uniqueKeysWithValues: kinds.map { kind in
        (
          kind.kind,
          schema.unsupportedFields(RowMapping(kind: kind, references: NameIndex(), version: .observed.upperBound))
        )
      })
    known.withLock { $0.published = (version, unsupportedFields) }
    return unsupportedFields
  }

  package func object(_ kind: ResourceKind, _ id: ResourceID) async throws(NPMError) -> ObservedResource? {
    let mapping = try mapping(kind)
    do {
      let found = try row(
        await transport.call("GET", "\(mapping.path)/\(mapping.text(id))\(mapping.expansion)"), mapping)
      guard !found.unlisted(mapping.references).isEmpty else { return found }
      return try await withoutGone([kind: [found]], mapping.references)[kind]?.first
    } catch  where error.code == .npmNotFound {
      return nil
    }
  }

  package func objects(_ kind: ResourceKind) async throws(NPMError) -> [ObservedResource] {
    try await rows(list(kind), mapping(kind))
  }

  private func list(_ kind: ResourceKind) async throws(NPMError) -> UpstreamResponse {
    let mapping = try mapping(kind)
    return try await transport.call("GET", "\(mapping.path)\(mapping.expansion)")
  }

  private func listing(_ kind: ResourceKind) async -> Result<UpstreamResponse, NPMError> {
    do throws(NPMError) {
      return .success(try await list(kind))
    } catch {
      return .failure(error)
    }
  }

  private func rows(_ answer: UpstreamResponse, _ mapping: RowMapping) throws(NPMError) -> [ObservedResource] {
    try transport.readable(answer.status) {
      try JSONDecoder().decode([ResourceRow].self, from: Data(answer.body), configuration: mapping).map(\.resource)
    }
  }

  package func uploads(of id: ResourceID) async throws(NPMError) -> [String: Secret] {
    let mapping = try mapping(.certificate)
    let row: UploadsRow = try await transport.decode(transport.call("GET", "\(mapping.path)/\(id)"))
    let fields = mapping.kind.fields.filter(\.isUpload).map(\.name)
    return (row.meta ?? [:]).filter { fields.contains($0.key) }.compactMapValues(\.stringValue).mapValues { Secret($0) }
  }

  package func idleConnection() async -> IdleWitness? {
    guard let connection = await upstream.openIdle(UpstreamRequest("GET", "/api/")) else { return nil }
    let headers = connection.headers
    // nginx replaces the `Server` header of its backend; another proxy sets its own, or adds `Via`.
    let server = headers["server"]?.lowercased() ?? ""
    let isNginx = ["openresty", "nginx", "reconciler-simulator"].contains { server.hasPrefix($0) }
    return IdleWitness(isThroughNginx: isNginx && headers["via"] == nil, ends: connection.ends)
  }

  package func auditLog() async throws(NPMError) -> [AuditEntry]? {
    // "Not allowed" looks like a rejected token: a new login for each read would cost half a second.
    let answer = try await transport.send(
      UpstreamRequest("GET", "/api/audit-log?expand=user"), "application/json", transport.session.token())
    switch ResponseClass.of(answer, isWrite: false) {
    case .success: break
    case .tokenRejected, .failure: return nil
    case .suspect(let error): throw error
    }
    let rows: [AuditRow] = try transport.decode(answer)
    return rows.map {
      // The log writes kinds with a dash.
      AuditEntry(
        number: $0.id, createdOn: $0.created_on, user: $0.user?.email ?? "",
        kind: $0.object_type.replacing("-", with: "_"), id: ResourceID($0.object_id), action: $0.action,
        payload: $0.meta ?? .null)
    }
  }

  private func mapping(_ kind: ResourceKind) throws(NPMError) -> RowMapping {
    guard let description = kinds.first(where: { $0.kind == kind }) else {
      throw NPMError(.internalError, "nothing is known of a \(kind.title)")
    }
    return known.withLock {
      RowMapping(
        kind: description, references: $0.references, version: $0.version,
        unsupportedFields: $0.unsupportedFields[kind] ?? [])
    }
  }

  private func row(_ answer: UpstreamResponse, _ mapping: RowMapping) throws(NPMError) -> ObservedResource {
    try transport.readable(answer.status) {
      try JSONDecoder().decode(ResourceRow.self, from: Data(answer.body), configuration: mapping).resource
    }
  }

  // MARK: Writes

  package func create(_ spec: Spec, meta: JSONValue, secrets: [String: Secret]) async throws(NPMError) -> ResourceID {
    let mapping = try mapping(spec.kind)
    let body = try mapping.body(spec, meta: meta, secrets: secrets, withEnabled: true, isNew: true)
    var request = UpstreamRequest("POST", mapping.path)
    request.body = try NPMTransport.encoded(body)
    // NPM responds when certbot is done, which waits for DNS and for the CA's requests to port 80.
    if ResourceSchema.isRequested(spec) { request.timeout = ResourceSchema.requestSeconds }
    let answer = try await transport.call(request, contentType: "application/json")
    do {
      let id = ResourceID(try transport.decode(answer, as: CreatedRow.self).id)
      // Names stay as they were when the plan was made: a rename in the same run does not affect references to it.
      if let name = spec.nameInNPM { known.withLock { $0.references.add(spec.kind, id, name) } }
      try await upload(mapping.kind, id, secrets)
      return id
    } catch {
      var unknown = error
      unknown.isOutcomeUnknown = true
      throw unknown
    }
  }

  package func update(
    _ id: ResourceID, _ spec: Spec, meta: JSONValue, secrets: [String: Secret], isSwitchingOn: Bool
  ) async throws(NPMError) {
    let mapping = try mapping(spec.kind)
    // NPM cannot change a certificate; it only accepts other files for it.
    guard !mapping.kind.fields.contains(where: \.isUpload) else { return try await upload(mapping.kind, id, secrets) }
    let body = try mapping.body(spec, meta: meta, secrets: secrets, withEnabled: isSwitchingOn, isNew: false)
    _ = try await transport.call("PUT", "\(mapping.path)/\(mapping.text(id))", body)
  }

  package func touch(_ object: ObservedResource, meta: JSONValue) async throws(NPMError) {
    let mapping = try mapping(object.kind)
    _ = try await transport.call("PUT", "\(mapping.path)/\(mapping.text(object.id))", mapping.touch(object, meta: meta))
  }

  /// Sends the files of a kind whose contents are known.
  private func upload(_ kind: ResourceSchema, _ id: ResourceID, _ secrets: [String: Secret]) async throws(NPMError) {
    let files = kind.fields.filter(\.isUpload).compactMap { field in secrets[field.name].map { (field.name, $0) } }
    guard !files.isEmpty else { return }
    var request = UpstreamRequest("POST", "/api/nginx/\(kind.route)/\(id)/upload")
    let form = FormData(files)
    request.body = form.body
    _ = try await transport.call(request, contentType: form.contentType)
  }

  package func setEnabled(_ kind: ResourceKind, _ id: ResourceID, _ isEnabled: Bool) async throws(NPMError) {
    _ = try await transport.call("POST", "\(try mapping(kind).path)/\(id)/\(isEnabled ? "enable" : "disable")")
  }

  package func delete(_ kind: ResourceKind, _ id: ResourceID) async throws(NPMError) {
    _ = try await transport.call("DELETE", "\(try mapping(kind).path)/\(id)")
  }
}
