import Model
import Platform
import X509

/// Certificates as far as hosts need them: custom ones are created, uploaded, listed and deleted; every request to
/// Let's Encrypt fails as it does without internet.
struct CertificateRoutes {
  let engine: SimulatorEngine
  let user: SimulatedUser

  func list(_ call: SimulatorCall) async throws -> SimulatorAnswer {
    let query = try HostRoutes.searchText(call)
    let rows = await engine.state.certificates.rows.values.filter { row in
      query.map { DomainText.matches(row["nice_name"]?.stringValue ?? "", like: $0) } ?? true
    }
    return .json(200, .array(rows.sorted { Self.order($0) < Self.order($1) }.map { .object($0) }))
  }

  private static func order(_ row: [String: JSONValue]) -> String { row["nice_name"]?.stringValue ?? "" }

  func get(_ text: String) async throws -> SimulatorAnswer {
    let (id, shown) = try RowID.strict(text)
    guard let id, let row = await engine.state.certificates.rows[id] else { throw NPMFault.notFound(shown) }
    return .json(200, .object(row))
  }

  func create(_ call: SimulatorCall) async throws -> SimulatorAnswer {
    let body = try call.body(as: Self.schema)
    let members = body.objectValue ?? [:]
    if members["provider"] == "letsencrypt" {
      await engine.withState { $0.certificates.nextID += 1 }
      throw NPMFault.internalError
    }
    let now = JSONValue.string(engine.now().sqlText)
    var row: [String: JSONValue] = ["nice_name": "", "domain_names": [], "meta": [:]]
    row.merge(members) { _, new in new }
    row.merge(["owner_user_id": .int(user.id), "created_on": now, "modified_on": now, "expires_on": now]) { _, new in
      new
    }
    let created = row
    let id = await engine.withState { $0.certificates.insert(created) }
    await engine.record("created", "certificate", id, user: user.id, body)
    row["id"] = .int(id)
    return .json(201, .object(row))
  }

  func upload(_ text: String, _ call: SimulatorCall) async throws -> SimulatorAnswer {
    guard let id = RowID.lenient(text), await engine.state.certificates.rows[id] != nil else {
      throw NPMFault.notFound(text)
    }
    let parts = Multipart.parts(call.rawBody, contentType: call.contentType)
    guard let certificate = parts["certificate"] else { throw NPMFault(400, "Certificate file was not provided") }
    guard let chain = try? CertificateChain(pem: Array(certificate.utf8)) else {
      throw NPMFault(400, "Certificate is not valid (unable to load)")
    }
    let meta = parts.mapValues { JSONValue.string($0) }
    // NPM takes a key that is another's, or none; nginx does not.
    let key = parts["certificate_key"].flatMap { try? PrivateKey(pem: Array($0.utf8)) }
    let isMatch = key?.keyID == chain.keyID
    await engine.withState { state in
      if isMatch { state.mismatched.remove(id) } else { state.mismatched.insert(id) }
      state.certificates.rows[id]?["domain_names"] = .array([.string(chain.commonName)])
      state.certificates.rows[id]?["expires_on"] = .string(Timestamp(seconds: chain.notAfter).sqlText)
      state.certificates.rows[id]?["meta"] = .object(meta)
    }
    return .json(200, .object(meta))
  }

  func delete(_ text: String) async throws -> SimulatorAnswer {
    guard let id = RowID.lenient(text) else { throw NPMFault.notFound(nil) }
    let removed = await engine.withState { $0.certificates.rows.removeValue(forKey: id) }
    guard removed != nil else { throw NPMFault.notFound(String(id)) }
    await engine.record("deleted", "certificate", id, user: user.id, [:])
    return .json(200, true)
  }

  private static let schema = Schema.object(
    [
      .init(
        "provider",
        .string(
          lengths: 0...Int.max,
          pattern: Schema.Pattern(text: "^(letsencrypt|other)$") { $0 == "letsencrypt" || $0 == "other" })),
      .init("nice_name", .string(lengths: 0...Int.max)),
      .init(
        "domain_names",
        .array(.string(lengths: 0...Int.max, pattern: HostSchemas.domainPattern), counts: 1...100, isUnique: true)),
      .init("meta", metaSchema),
    ], required: ["provider"])

  private static let metaSchema = Schema.object(
    [
      .init("dns_challenge", .boolean), .init("dns_provider", .string(lengths: 0...Int.max)),
      .init("dns_provider_credentials", .string(lengths: 0...Int.max)),
      .init("propagation_seconds", .integer(0...Int.max)), .init("key_type", .string(lengths: 0...Int.max)),
      .init("certificate", .string(lengths: 0...Int.max)), .init("certificate_key", .string(lengths: 0...Int.max)),
      .init("letsencrypt_certificate", .freeObject),
    ], required: [])
}
