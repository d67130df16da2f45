/// The ownership marker of an object, stored in the free-form `meta` of NPM's objects.
package struct OwnershipMarker: Hashable, Codable, Sendable {
  /// Its key in `meta`.
  package static let metaKey = "reconciler"

  package var owner: String
  package var name: String
  /// Digest of the last written spec.
  package var fingerprint: String
  /// The commit of the desired files; nil: they were not in a repository.
  package var commit: String?

  package init(owner: String, name: String, fingerprint: String, commit: String? = nil) {
    self.owner = owner
    self.name = name
    self.fingerprint = fingerprint
    self.commit = commit
  }

  package init?(meta: JSONValue) {
    guard let owner = meta[Self.metaKey]["owner"].stringValue, let name = meta[Self.metaKey]["name"].stringValue
    else { return nil }
    self.init(
      owner: owner, name: name, fingerprint: meta[Self.metaKey]["fingerprint"].stringValue ?? "",
      commit: meta[Self.metaKey]["commit"].stringValue)
  }

  package var json: JSONValue {
    var members: [String: JSONValue] = [
      "owner": .string(owner), "name": .string(name), "fingerprint": .string(fingerprint),
    ]
    if let commit { members["commit"] = .string(commit) }
    return .object(members)
  }
}

/// Whether nginx accepted the configuration of a host, as NPM reports it.
package enum NginxState: Hashable, Sendable {
  case online
  /// nginx refused it, with this error.
  case refused(String)
  /// NPM never finished the configuration.
  case unknown
}

/// Evidence of whether nginx enforces the access list of a host, which NPM's rows do not show.
package enum GuardWitness: Hashable, Sendable {
  /// Only the time of its last change.
  case none
  /// Another client requested a certificate for one of its names since our last write, removing TLS and access list.
  case stripped
  /// It was seen open: enabled by NPM's own call after its last write, or answering without a password.
  case open
}

/// One object in NPM.
package struct ObservedResource: Hashable, Sendable {
  package var kind: ResourceKind
  package var id: ResourceID
  /// References by name; not yet normalised.
  package var spec: Spec
  package var meta: JSONValue
  package var nginx: NginxState
  /// Of a certificate: its names and expiry.
  package var certificate: CertificateInfo?
  /// In NPM's format, which depends on its database.
  package var createdOn: String
  package var modifiedOn: String
  /// Fields that refer to a deleted object, with the id still in the row: nginx serves the host without that object.
  package var gone: [String: Int] = [:]
  /// Evidence, beyond the row, of whether nginx enforces its access list.
  package var guardWitness = GuardWitness.none

  package init(
    kind: ResourceKind, id: ResourceID, spec: Spec, meta: JSONValue, nginx: NginxState, createdOn: String,
    modifiedOn: String
  ) {
    self.kind = kind
    self.id = id
    self.spec = spec
    self.meta = meta
    self.nginx = nginx
    self.createdOn = createdOn
    self.modifiedOn = modifiedOn
  }

  package var marker: OwnershipMarker? { OwnershipMarker(meta: meta) }
  package var ref: ObjectRef { ObjectRef(kind, id) }
  package var isEnabled: Bool { spec["enabled"] != false }
  /// Whether it is enabled and nginx refused it.
  package var isRefused: Bool { if case .refused = nginx { isEnabled } else { false } }
  package var nameInNPM: String? { spec.nameInNPM }
  /// Its first domain or port, else its id.
  package var label: String { spec.claims.first ?? ref.description }
}

/// Names of the objects that others refer to, by NPM's ids.
package struct NameIndex: Hashable, Sendable {
  private var names: [ResourceKind: [ResourceID: String]] = [:]

  package init() {}

  package mutating func add(_ kind: ResourceKind, _ id: ResourceID, _ name: String) {
    names[kind, default: [:]][id] = name
  }

  /// The name of an object if it is unique; else its id and name, as `#12 lan`, which is valid only in this NPM; `#12`
  /// for an object that NPM does not list.
  package func name(_ kind: ResourceKind, _ id: ResourceID) -> String {
    guard let name = names[kind]?[id] else { return "#\(id)" }
    let isItsOwn = !name.isEmpty && !name.hasPrefix("#") && ids(kind, name).count == 1
    return isItsOwn ? name : "#\(id) \(name)"
  }

  /// The objects with a name; NPM does not keep names unique. An id alone (`#12`) matches nothing: in another NPM it
  /// may belong to another object.
  package func ids(_ kind: ResourceKind, _ name: String) -> [ResourceID] {
    let known = names[kind] ?? [:]
    if name.hasPrefix("#") {
      let parts = name.dropFirst().split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let id = Int(parts[0]).map({ ResourceID($0) }), known[id] == String(parts[1]) else {
        return []
      }
      return [id]
    }
    return known.filter { $0.value == name }.map(\.key).sorted()
  }

  package func knows(_ kind: ResourceKind, _ id: ResourceID) -> Bool { names[kind]?[id] != nil }
}

/// The state of NPM. A kind whose list failed is absent, never empty.
package struct ObservedState: Sendable {
  package var version: NPMVersion
  package var resources: [ResourceKind: [ObservedResource]]
  package var references: NameIndex
  /// Fields that this NPM does not accept although its version should.
  package var unsupportedFields: [ResourceKind: Set<String>]

  package init(
    version: NPMVersion, resources: [ResourceKind: [ObservedResource]] = [:],
    references: NameIndex = NameIndex(), unsupportedFields: [ResourceKind: Set<String>] = [:]
  ) {
    self.version = version
    self.resources = resources
    self.references = references
    self.unsupportedFields = unsupportedFields
  }

  /// All objects, sorted by kind and id.
  package var all: [ObservedResource] { resources.values.joined().sorted { $0.ref < $1.ref } }

  /// Objects that refer to this one, of any owner.
  package func users(of object: ObservedResource) -> [ObservedResource] {
    let name = JSONValue.string(references.name(object.kind, object.id))
    return resources.values.joined().filter { $0.spec.refers(to: object.kind, name) }.sorted { $0.ref < $1.ref }
  }

  /// Whether this NPM has a field of a kind.
  package func has(_ field: FieldSchema, of kind: ResourceKind) -> Bool {
    field.isKnown(to: version) && unsupportedFields[kind]?.contains(field.name) != true
  }
}
