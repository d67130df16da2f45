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

/// Whether nginx enforces the access list of a host: NPM's row does not show it.
package enum GuardState: Hashable, Sendable {
  /// Only the time of its last change shows it.
  case unknown
  /// Another client requested a certificate for one of its names since our last write, which takes TLS and list off.
  case stripped
  /// It was seen open: switched on by NPM's own call after its last write, or it answered a visitor without a password.
  case open
}

/// One object as NPM has it. Immutable, and passed by reference: a plan looks at thousands of them.
package final class ObservedResource: Sendable {
  package let kind: ResourceKind
  package let id: ResourceID
  /// References by name, as NPM listed it.
  package let spec: Spec
  /// The same in the form in which NPM keeps it.
  package let normalised: Spec
  package let meta: JSONValue
  package let marker: OwnershipMarker?
  package let nginx: NginxState
  /// Of a certificate: the names that it covers and its end.
  package let certificate: CertificateInfo?
  /// As NPM wrote it; the format differs between its databases.
  package let createdOn: String
  package let modifiedOn: String
  /// Fields that name an object which is gone from NPM, by the number that the row still has: nginx serves it without.
  package let gone: [String: Int]
  /// What is known of whether nginx enforces its access list, beyond what its row says.
  package let guardState: GuardState

  package init(
    kind: ResourceKind, id: ResourceID, spec: Spec, meta: JSONValue, nginx: NginxState, createdOn: String,
    modifiedOn: String, certificate: CertificateInfo? = nil, gone: [String: Int] = [:],
    guardState: GuardState = .unknown
  ) {
    self.kind = kind
    self.id = id
    self.spec = spec
    normalised = spec.normalisedSharing()
    self.meta = meta
    marker = OwnershipMarker(meta: meta)
    self.nginx = nginx
    self.certificate = certificate
    self.createdOn = createdOn
    self.modifiedOn = modifiedOn
    self.gone = gone
    self.guardState = guardState
  }

  package var ref: ObjectRef { ObjectRef(kind, id) }
  package var isEnabled: Bool { spec["enabled"] != false }
  /// It is switched on, and nginx does not have it.
  package var isRefused: Bool { if case .refused = nginx { isEnabled } else { false } }
  package var nameInNPM: String? { spec.nameInNPM }
  /// How messages name it: by its first domain or port, else by its number.
  package var label: String { spec.claims.first ?? ref.description }

  package func with(spec: Spec? = nil, gone: [String: Int]? = nil, guardState: GuardState? = nil) -> ObservedResource {
    ObservedResource(
      kind: kind, id: id, spec: spec ?? self.spec, meta: meta, nginx: nginx, createdOn: createdOn,
      modifiedOn: modifiedOn, certificate: certificate, gone: gone ?? self.gone,
      guardState: guardState ?? self.guardState)
  }
}

extension ObservedResource: Equatable {
  package static func == (left: ObservedResource, right: ObservedResource) -> Bool {
    left === right
      || (left.kind == right.kind && left.id == right.id && left.spec == right.spec && left.meta == right.meta
        && left.nginx == right.nginx && left.certificate == right.certificate && left.createdOn == right.createdOn
        && left.modifiedOn == right.modifiedOn && left.gone == right.gone && left.guardState == right.guardState)
  }
}

/// Names of the objects that others refer to, by NPM's numbers, and back.
package struct NameIndex: Hashable, Sendable {
  private var names: [ResourceKind: [ResourceID: String]] = [:]
  private var numbers: [ResourceKind: [String: [ResourceID]]] = [:]

  package init() {}

  package mutating func add(_ kind: ResourceKind, _ id: ResourceID, _ name: String) {
    if let old = names[kind]?.updateValue(name, forKey: id) { numbers[kind]?[old]?.removeAll { $0 == id } }
    names[kind, default: [:]][id] = name
    numbers[kind, default: [:]][name, default: []].append(id)
  }

  /// The name of an object if it is unique; else its id and name, as `#12 lan`, which is valid only in this NPM; `#12`
  /// for an object that NPM does not list.
  package func name(_ kind: ResourceKind, _ id: ResourceID) -> String {
    guard let name = names[kind]?[id] else { return "#\(id)" }
    let isItsOwn = !name.isEmpty && !name.hasPrefix("#") && numbers[kind]?[name]?.count == 1
    return isItsOwn ? name : "#\(id) \(name)"
  }

  /// The objects that have a name; NPM does not keep names unique. A number alone is no name: it may be another object's
  /// in another NPM.
  package func ids(_ kind: ResourceKind, _ name: String) -> [ResourceID] {
    if name.hasPrefix("#") {
      let parts = name.dropFirst().split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let id = Int(parts[0]).map({ ResourceID($0) }), names[kind]?[id] == String(parts[1])
      else { return [] }
      return [id]
    }
    return (numbers[kind]?[name] ?? []).sorted()
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
