import FoundationEssentials
import Model
import X509

/// Reads and writes the rows of one kind.
struct RowMapping: Sendable {
  var kind: ResourceSchema
  var references: NameIndex
  var version: NPMVersion
  /// Fields that this NPM does not accept although its version should.
  var unsupportedFields: Set<String> = []

  /// Keys that NPM itself writes into `meta`; never sent back.
  private static let nginxKeys: Set<String> = ["nginx_online", "nginx_err"]

  /// The path of the list in NPM's API.
  var path: String { kind.isSingleton ? "/api/\(kind.route)" : "/api/nginx/\(kind.route)" }

  /// The identifier in a path. Fixed objects have names in NPM; here their ids are positions in `fixedNames`, from 1.
  func text(_ id: ResourceID) -> String {
    guard kind.isSingleton, Self.fixedNames.indices.contains(id.number - 1) else { return id.description }
    return Self.fixedNames[id.number - 1]
  }

  static let fixedNames = ["default-site"]

  /// Relations to expand because the row lacks fields without them.
  var expansion: String { kind.kind == .accessList ? "?expand=items,clients" : "" }

  /// The writable fields of this release in the form of NPM's API: references as ids, 0 for none.
  ///
  /// - Parameters:
  ///   - secrets: the texts behind the fingerprints; NPM keeps a secret that is not given.
  ///   - withEnabled: false for an update that must not change `enabled`.
  ///   - isNew: whether it is a create; some kinds accept a marker only then.
  func body(
    _ spec: Spec, meta: JSONValue, secrets: [String: Secret], withEnabled: Bool, isNew: Bool
  ) throws(NPMError) -> JSONValue {
    let open = spec.mapFingerprints { path, _ in secrets[path]?.reveal() ?? "" }
    var members: [String: JSONValue] = [:]
    var kept: [String: JSONValue] = [:]
    for field in kind.fields where field.name != "enabled" || (withEnabled && kind.canBeMadeDisabled) {
      if kind.isSingleton && field.name == kind.nameField { continue }
      guard field.isKnown(to: version), !unsupportedFields.contains(field.name) else { continue }
      if field.metaName != nil {
        if spec[field.name] != field.defaultValue {
          kept.merge(inMeta(field, spec[field.name], secrets)) { _, new in new }
        }
        continue
      }
      switch field.type {
      case .domains where open[field.name] == field.defaultValue: continue
      case .reference(let target): members[wireName(field)] = .int(try id(target, spec[field.name]))
      case .pem, .pemKey: continue
      case .choice: members[field.name] = open[field.name].stringValue.map { .string(field.wireWords[$0] ?? $0) }
      case .list(let entry, _, _):
        members[field.name] = .array((open[field.name].arrayValue ?? []).map { bare($0, entry) })
      default: members[field.name] = open[field.name]
      }
    }
    if kind.ownershipProof == .marker || (kind.hasMarker && isNew) {
      members["meta"] = Self.sendable(meta)
    } else if !kept.isEmpty || kind.isSingleton {
      members["meta"] = .object(kept)
    }
    return .object(members)
  }

  /// The smallest body that makes NPM configure an object: its `meta` and its unchanged certificate id, because without
  /// the id NPM clears the flags that depend on a certificate.
  func touch(_ object: ObservedResource, meta: JSONValue) throws(NPMError) -> JSONValue {
    var members: [String: JSONValue] = ["meta": Self.sendable(meta)]
    if kind.fields.contains(where: { $0.name == "certificate" }) {
      let gone = object.gone["certificate"]
      members["certificate_id"] = .int(gone == nil ? try id(.certificate, object.spec["certificate"]) : gone ?? 0)
    }
    return .object(members)
  }

  private static func sendable(_ meta: JSONValue) -> JSONValue {
    .object((meta.objectValue ?? [:]).filter { !nginxKeys.contains($0.key) })
  }

  /// The members of `meta` for a field that NPM keeps there.
  private func inMeta(
    _ field: FieldSchema, _ value: JSONValue, _ secrets: [String: Secret]
  ) -> [String: JSONValue] {
    guard let name = field.metaName else { return [:] }
    guard case .object(let parts) = field.type else {
      // NPM requires the address and the agreement together.
      return name == "letsencrypt_email" ? [name: value, "letsencrypt_agree": true] : [name: value]
    }
    var members: [String: JSONValue] = [name: true]
    for part in parts {
      guard let name = part.metaName else { continue }
      if let secret = secrets["\(field.name)/\(part.name)"] {
        members[name] = .string(secret.reveal())
      } else if !value[part.name].isNull {
        members[name] = value[part.name]
      }
    }
    return members
  }

  func wireName(_ field: FieldSchema) -> String {
    if case .reference = field.type { return field.name + "_id" }
    return field.name
  }

  /// Removes empty members, except secrets, where an empty one has a meaning.
  private func bare(_ entry: JSONValue, _ fields: [FieldSchema]) -> JSONValue {
    let secrets = fields.filter { if case .secret = $0.type { true } else { false } }.map(\.name)
    return .object(
      (entry.objectValue ?? [:]).filter { ($0.value != "" && !$0.value.isNull) || secrets.contains($0.key) })
  }

  private func id(_ kind: ResourceKind, _ name: JSONValue) throws(NPMError) -> Int {
    guard let name = name.stringValue else { return 0 }
    let ids = references.ids(kind, name)
    if let id = ids.first, ids.count == 1 { return id.number }
    // A reference that NPM no longer lists stays as it is.
    if name.hasPrefix("#"), let number = Int(name.dropFirst()), !references.knows(kind, ResourceID(number)) {
      return number
    }
    throw NPMError(.unknownReference, "NPM has no \(kind.title) named '\(name)' of its own")
  }
}

/// A row of NPM, decoded by the types of its fields: fast, because a user waits for lists of ten thousand rows.
struct ResourceRow: DecodableWithConfiguration {
  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  var resource: ObservedResource

  init(from decoder: any Decoder, configuration mapping: RowMapping) throws {
    let container = try decoder.container(keyedBy: Key.self)
    func key(_ name: String) -> Key { Key(stringValue: name) }
    var spec = Spec(mapping.kind)
    if mapping.kind.isSingleton {
      resource = try Self.fixed(container, mapping)
      return
    }
    for field in mapping.kind.fields {
      let name = key(mapping.wireName(field))
      // Absent: this release does not have the field. Null: never set.
      guard container.contains(name), try !container.decodeNil(forKey: name) else { continue }
      spec[field.name] = try Self.value(field, container, name, mapping)
    }
    // Without a marker, `meta` may contain a private key: it is not read.
    let hasMarker = mapping.kind.hasMarker
    let meta = hasMarker ? try container.decodeIfPresent(JSONValue.self, forKey: key("meta")) ?? [:] : [:]
    let files = try Self.uploaded(mapping.kind, container)
    for (name, chain) in files { spec[name] = .string("sha256:\(chain.fingerprint)") }
    try Self.readMeta(&spec, container, mapping)
    var certificate: CertificateInfo?
    if let expires = try container.decodeIfPresent(String.self, forKey: key("expires_on")) {
      let names = try container.decodeIfPresent([String].self, forKey: key("domain_names")) ?? []
      certificate = CertificateInfo(
        names: files["certificate"]?.names ?? names.map { $0.lowercased() }, expires: expires)
    }
    resource = ObservedResource(
      kind: mapping.kind.kind, id: ResourceID(try container.decode(Int.self, forKey: key("id"))), spec: spec,
      meta: meta,
      nginx: mapping.kind.hasNginxState ? Self.nginx(meta) : .online,
      createdOn: try container.decode(String.self, forKey: key("created_on")),
      modifiedOn: try container.decode(String.self, forKey: key("modified_on")), certificate: certificate)
  }

  /// A setting: it has no number and no times.
  private static func fixed(
    _ container: KeyedDecodingContainer<Key>, _ mapping: RowMapping
  ) throws -> ObservedResource {
    let name = try container.decode(String.self, forKey: Key(stringValue: "id"))
    var spec = Spec(mapping.kind)
    spec["name"] = .string(name.replacing("-", with: "_"))
    spec["value"] = try container.decode(JSONValue.self, forKey: Key(stringValue: "value"))
    try Self.readMeta(&spec, container, mapping)
    let number = (RowMapping.fixedNames.firstIndex(of: name) ?? RowMapping.fixedNames.count) + 1
    return ObservedResource(
      kind: mapping.kind.kind, id: ResourceID(number), spec: spec, meta: [:], nginx: .online, createdOn: "",
      modifiedOn: "")
  }

  /// Fields that NPM keeps in `meta`; secrets among them are not read.
  private static func readMeta(
    _ spec: inout Spec, _ container: KeyedDecodingContainer<Key>, _ mapping: RowMapping
  ) throws {
    let fields = mapping.kind.fields.filter { $0.metaName != nil && $0.isKnown(to: mapping.version) }
    guard !fields.isEmpty, container.contains(Key(stringValue: "meta")) else { return }
    let meta = try container.nestedContainer(keyedBy: Key.self, forKey: Key(stringValue: "meta"))
    func value(_ name: String?) throws -> JSONValue {
      try name.flatMap { try meta.decodeIfPresent(JSONValue.self, forKey: Key(stringValue: $0)) } ?? .null
    }
    for field in fields {
      let found = try value(field.metaName)
      guard case .object(let parts) = field.type else {
        if !found.isNull { spec[field.name] = found }
        continue
      }
      guard found == true else { continue }
      var members: [String: JSONValue] = [:]
      for part in parts {
        if case .secret = part.type { continue }
        members[part.name] = try value(part.metaName)
      }
      spec[field.name] = .object(members)
    }
  }

  /// The uploaded certificates, which NPM keeps in `meta`. One that cannot be parsed is treated as absent.
  private static func uploaded(
    _ kind: ResourceSchema, _ container: KeyedDecodingContainer<Key>
  ) throws -> [String: CertificateChain] {
    let fields = kind.fields.filter { if case .pem = $0.type { true } else { false } }
    guard !fields.isEmpty, container.contains(Key(stringValue: "meta")) else { return [:] }
    let meta = try container.nestedContainer(keyedBy: Key.self, forKey: Key(stringValue: "meta"))
    var found: [String: CertificateChain] = [:]
    for field in fields {
      let text = try meta.decodeIfPresent(String.self, forKey: Key(stringValue: field.name))
      found[field.name] = text.flatMap { try? CertificateChain(pem: Array($0.utf8)) }
    }
    return found
  }

  private static func value(
    _ field: FieldSchema, _ container: KeyedDecodingContainer<Key>, _ key: Key, _ mapping: RowMapping
  ) throws -> JSONValue {
    switch field.type {
    case .bool: return .bool(try container.decode(Bool.self, forKey: key))
    case .integer, .port: return .int(try container.decode(Int.self, forKey: key))
    case .string, .host: return .string(try container.decode(String.self, forKey: key))
    case .choice:
      let word = try container.decode(String.self, forKey: key)
      return .string(field.wireWords.first { $0.value == word }?.key ?? word)
    case .domains: return .array(try container.decode([String].self, forKey: key).map { .string($0) })
    case .reference(let kind):
      let id = try container.decode(Int.self, forKey: key)
      return id == 0 ? .null : .string(mapping.references.name(kind, ResourceID(id)))
    case .list(let fields, _, _):
      return .array(try container.decode([JSONValue].self, forKey: key).map { hinted($0, fields) })
    default: return try container.decode(JSONValue.self, forKey: key)
    }
  }

  /// Puts NPM's `hint` in place of a secret.
  private static func hinted(_ entry: JSONValue, _ fields: [FieldSchema]) -> JSONValue {
    var members = entry.objectValue ?? [:]
    for field in fields { if case .secret = field.type { members[field.name] = entry["hint"] } }
    return .object(members)
  }

  private static func nginx(_ meta: JSONValue) -> NginxState {
    switch meta["nginx_online"] {
    case .bool(true): .online
    case .bool(false): .refused(meta["nginx_err"].stringValue ?? "")
    default: .unknown
    }
  }
}

extension ObservedResource {
  /// Fields with a reference that NPM did not list, and the target of the reference.
  func unlisted(_ references: NameIndex) -> [(field: String, target: ObjectRef)] {
    spec.schema.references.compactMap { field, kind in
      guard let name = spec[field].stringValue, name.hasPrefix("#"), let number = Int(name.dropFirst()),
        !references.knows(kind, ResourceID(number))
      else { return nil }
      return (field, ObjectRef(kind, ResourceID(number)))
    }
  }
}
