import FoundationEssentials
import Model
import Platform
import X509

/// Certificate routes, to the extent that hosts need them: custom certificates are created, uploaded, listed and
/// deleted; a request to Let's Encrypt fails as without internet, unless a control call changes that.
struct CertificateRoutes {
  let engine: SimulatorEngine
  let user: SimulatedUser

  func list(_ call: SimulatorCall) async throws -> SimulatorAnswer {
    let query = try HostRoutes.searchText(call)
    let relations = try expansions(call)
    let state = await engine.state
    let rows = state.certificates.rows.values.filter { row in
      query.map { DomainText.matches(row["nice_name"]?.stringValue ?? "", like: $0) } ?? true
    }
    return .json(
      200,
      .array(
        rows.sorted { Self.order($0) < Self.order($1) }.map { .object(Self.expanded($0, relations, state)) }))
  }

  private static func order(_ row: [String: JSONValue]) -> (String, Int) {
    (row["nice_name"]?.stringValue ?? "", row["id"]?.intValue ?? 0)
  }

  private func expansions(_ call: SimulatorCall) throws -> Set<String> {
    let names = Set((call.query["expand"] ?? "").split(separator: ",").map(String.init))
    var known: Set = ["owner", "proxy_hosts", "redirection_hosts", "dead_hosts"]
    if engine.dialect.expandsStreams { known.insert("streams") }
    guard known.isSuperset(of: names) else { throw NPMFault.internalError }
    return names
  }

  private static func expanded(
    _ row: [String: JSONValue], _ relations: Set<String>, _ state: SimulatorState
  ) -> [String: JSONValue] {
    var shown = row
    for kind in HostKind.allCases where relations.contains(kind.permission) {
      let users = state.hosts[kind]?.rows.values.filter { $0["certificate_id"] == row["id"] } ?? []
      shown[kind.permission] = .array(users.map { .object($0) })
    }
    if relations.contains("owner") {
      shown["owner"] = state.users.first { .int($0.id) == row["owner_user_id"] }?.json() ?? .null
    }
    return shown
  }

  func get(_ text: String, _ call: SimulatorCall) async throws -> SimulatorAnswer {
    let (id, shown) = try RowID.strict(text)
    let relations = try expansions(call)
    let state = await engine.state
    guard let id, let row = state.certificates.rows[id] else { throw NPMFault.notFound(shown) }
    return .json(200, .object(Self.expanded(row, relations, state)))
  }

  func create(_ call: SimulatorCall) async throws -> SimulatorAnswer {
    let body = try call.body(as: Self.schema(engine.dialect))
    let members = body.objectValue ?? [:]
    if members["provider"] == "letsencrypt" {
      let provider = members["meta"]?["dns_provider"].stringValue
      if members["meta"]?["dns_challenge"] == true, !DNSProviders.knows(provider ?? "") {
        throw NPMFault.notFound(provider)
      }
      return try await request(members)
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

  private func request(_ members: [String: JSONValue]) async throws -> SimulatorAnswer {
    let names = members["domain_names"]?.arrayValue?.compactMap(\.stringValue)
    let id = try await engine.requestCertificate(names, meta: members["meta"] ?? [:], user: user.id)
    var answer = await engine.state.certificates.rows[id] ?? [:]
    // Only the response to the request contains the issued certificate.
    let now = engine.now()
    answer["meta"] = .object(
      (answer["meta"]?.objectValue ?? [:]).merging([
        "letsencrypt_certificate": [
          "cn": .string(names?.first ?? ""), "issuer": "simulated",
          "dates": ["from": .int(Int(now.seconds)), "to": .int(Int(now.seconds) + 90 * 86400)],
        ]
      ]) { $1 })
    return .json(201, .object(answer))
  }

  /// Only Let's Encrypt certificates can be renewed.
  func renew(_ text: String) async throws -> SimulatorAnswer {
    guard let id = RowID.lenient(text), let row = await engine.state.certificates.rows[id] else {
      throw NPMFault.notFound(text)
    }
    guard row["provider"] == "letsencrypt" else {
      throw NPMFault(400, "Only Let'sEncrypt certificates can be renewed")
    }
    let expires = (engine.now() + 90 * 86400).sqlText
    let fresh = await engine.withState { state -> [String: JSONValue] in
      state.certificates.rows[id]?["expires_on"] = .string(expires)
      return state.certificates.rows[id] ?? row
    }
    try await engine.reload()
    await engine.record("renewed", "certificate", id, user: user.id, .object(fresh))
    return .json(200, .object(fresh))
  }

  /// OpenSSL's message, which names a temporary file.
  private static var unreadable: String {
    let name = UUID().uuidString.lowercased()
    return
      "Certificate is not valid (Could not read certificate from /tmp/\(name)/\(name)\nUnable to load certificate\n)"
  }

  func upload(_ text: String, _ call: SimulatorCall) async throws -> SimulatorAnswer {
    guard let id = RowID.lenient(text), await engine.state.certificates.rows[id] != nil else {
      throw NPMFault.notFound(text)
    }
    let parts = Multipart.parts(call.rawBody, contentType: call.contentType)
    guard let certificate = parts["certificate"] else { throw NPMFault(400, "Certificate file was not provided") }
    guard let chain = try? CertificateChain(pem: Array(certificate.utf8)) else {
      throw NPMFault(400, Self.unreadable)
    }
    if let text = parts["certificate_key"], (try? PrivateKey(pem: Array(text.utf8))) == nil {
      throw NPMFault(400, "Certificate Key is not valid ()")
    }
    // Files uploaded earlier and not sent again stay.
    let old = await engine.state.certificates.rows[id]?["meta"]?.objectValue ?? [:]
    let meta = old.merging(parts.mapValues { JSONValue.string($0) }) { $1 }
    // NPM accepts a missing or mismatched key; nginx does not.
    let key = meta["certificate_key"]?.stringValue.flatMap { try? PrivateKey(pem: Array($0.utf8)) }
    let isMatch = key?.keyID == chain.keyID
    await engine.withState { state in
      if isMatch { state.nginx.mismatched.remove(id) } else { state.nginx.mismatched.insert(id) }
      state.certificates.rows[id]?["domain_names"] = .array([.string(chain.commonName)])
      state.certificates.rows[id]?["expires_on"] = .string(Timestamp(seconds: chain.notAfter).sqlText)
      state.certificates.rows[id]?["meta"] = .object(meta)
    }
    return .json(200, .object(meta))
  }

  func delete(_ text: String) async throws -> SimulatorAnswer {
    guard let id = RowID.lenient(text) else { throw NPMFault.notFound(nil) }
    let removed = await engine.withState { state in
      state.nginx.mismatched.remove(id)
      return state.certificates.rows.removeValue(forKey: id)
    }
    guard removed != nil else { throw NPMFault.notFound(String(id)) }
    await engine.record("deleted", "certificate", id, user: user.id, [:])
    return .json(200, true)
  }

  /// The validation before an upload: NPM checks each file, but not whether certificate and key match.
  static func validate(_ call: SimulatorCall) throws -> SimulatorAnswer {
    guard call.contentType.hasPrefix("multipart/") else { return .json(400, ["error": "No files were uploaded"]) }
    let parts = Multipart.parts(call.rawBody, contentType: call.contentType)
    var answer: [String: JSONValue] = [:]
    if let text = parts["certificate"] {
      guard let chain = try? CertificateChain(pem: Array(text.utf8)) else {
        throw NPMFault(400, Self.unreadable)
      }
      answer["certificate"] = [
        "cn": .string(chain.commonName), "issuer": .string(chain.issuer),
        "dates": ["from": .int(Int(chain.notBefore)), "to": .int(Int(chain.notAfter))],
      ]
    }
    if let text = parts["certificate_key"] {
      guard (try? PrivateKey(pem: Array(text.utf8))) != nil else {
        throw NPMFault(400, "Certificate Key is not valid ()")
      }
      answer["certificate_key"] = true
    }
    return .json(200, .object(answer))
  }

  /// Whether Let's Encrypt could reach these names: never in the simulator.
  static func testHTTP(_ call: SimulatorCall) -> SimulatorAnswer {
    let domains = call.body?["domains"].arrayValue?.compactMap(\.stringValue) ?? []
    return .json(200, .object(Dictionary(domains.map { ($0, "failed") }) { first, _ in first }))
  }

  /// Calls that only apply to certificates that the simulator never has.
  func letsEncryptOnly(_ text: String, _ what: String) async throws -> SimulatorAnswer {
    guard let id = RowID.lenient(text), await engine.state.certificates.rows[id] != nil else {
      throw NPMFault.notFound(text)
    }
    throw NPMFault(400, "Only Let'sEncrypt certificates can be \(what)")
  }

  private static func schema(_ dialect: ReleaseProfile) -> Schema {
    Schema.object(
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
        .init("meta", metaSchema(dialect)),
      ], required: ["provider"])
  }

  private static func metaSchema(_ dialect: ReleaseProfile) -> Schema {
    let own: [Schema.Property] =
      dialect.wantsLetsEncryptEmail
      ? [.init("letsencrypt_email", .string(lengths: 0...Int.max)), .init("letsencrypt_agree", .boolean)]
      : [.init("key_type", .string(lengths: 0...Int.max))]
    return Schema.object(
      own + [
        .init("dns_challenge", .boolean), .init("dns_provider", .string(lengths: 0...Int.max)),
        .init("dns_provider_credentials", .string(lengths: 0...Int.max)),
        .init("propagation_seconds", .integer(0...Int.max)),
        .init("certificate", .string(lengths: 0...Int.max)), .init("certificate_key", .string(lengths: 0...Int.max)),
        .init("letsencrypt_certificate", .freeObject),
      ], required: [])
  }
}

/// Some of the DNS providers that certbot knows; the real server lists 81 to 86.
enum DNSProviders {
  private static let names = [
    "acmedns": "ACME-DNS", "cloudflare": "Cloudflare", "desec": "deSEC", "hetzner": "Hetzner", "ovh": "OVH",
  ]

  static func knows(_ id: String) -> Bool { names[id] != nil }

  static var json: JSONValue {
    .array(
      names.sorted { $0.key < $1.key }.map { ["id": .string($0.key), "name": .string($0.value), "credentials": ""] })
  }
}
