/// A problem of a spec.
package struct ValidationIssue: Sendable {
  package var code: DiagnosticCode
  /// The field, or `clients[2].address`.
  package var path: String
  package var message: String
  package var hint: String?
  package var severity: Diagnostic.Severity

  init(
    _ code: DiagnosticCode, at path: String, _ message: String, hint: String? = nil,
    severity: Diagnostic.Severity = .error
  ) {
    self.severity = severity
    self.code = code
    self.path = path
    self.message = message
    self.hint = hint
  }
}

/// One kind of NPM object, described once: decoding, comparison, wire format, JSON Schema and docs follow from it.
/// Immutable, and passed by reference: each spec has one.
package final class ResourceSchema: Sendable {
  /// What in NPM shows the owner of an object, besides the store.
  package enum OwnershipProof: Hashable, Sendable {
    /// Our marker, in the free-form `meta` of the object.
    case marker
    /// A marker that NPM accepts only when the object is created. For an object without one, the id and creation time
    /// in the store decide.
    case markerFromCreation
    /// NPM has no place for a marker: id and creation time in the store decide, and this field if the store is lost.
    case name(field: String)
  }

  package let kind: ResourceKind
  /// The key of its mapping in the desired files.
  package let section: String
  /// The last part of its path in NPM's API.
  package let route: String
  package let ownershipProof: OwnershipProof
  /// Whether nginx takes it, and NPM says so in `meta.nginx_online`.
  package let hasNginxState: Bool
  /// What NPM stores, in the order people read it.
  package let fields: [FieldSchema]
  /// What only the operator knows; never sent to NPM.
  package let operatorFields: [FieldSchema]
  package let shorthands: [ShorthandSchema]
  /// The field that says what the object alone may hold.
  package let claimField: String?
  /// What it alone may hold: domains, or ports such as `tcp/2222`. Empty where it shares everything.
  package let claims: @Sendable (Spec) -> [String]
  /// What NPM calls an object, where NPM's objects of this kind have names.
  package let nameInNPM: @Sendable (Spec) -> String?
  /// What it does with requests, or what it is, in a few words.
  package let effect: @Sendable (Spec) -> String
  /// What is wrong with a spec although each of its fields is right.
  package let check: @Sendable (Spec) -> [ValidationIssue]
  /// Brings a spec to the form in which NPM keeps it, so that equal meaning is equal value.
  package let normalise: @Sendable (inout Spec) -> Void
  /// From this release of NPM on a PUT configures nginx from the row before it, without its certificate: only switching it
  /// off and on again configures it from what is stored.
  package let staleSince: NPMVersion?
  /// NPM has these, no more and no fewer: they are neither made nor deleted, and belong to whatever writes them here. They
  /// are only listed where the desired files have one, because not every account may.
  package let isSingleton: Bool
  /// Whether NPM takes `enabled` when one is made.
  package let canBeMadeDisabled: Bool
  /// Fields that name other objects.
  package let references: [(field: String, kind: ResourceKind)]
  private let index: [String: Int]
  /// The values of a spec that has nothing but defaults.
  let defaults: [JSONValue]

  package init(
    kind: ResourceKind, section: String, route: String, ownershipProof: OwnershipProof = .marker,
    hasNginxState: Bool = true,
    fields: [FieldSchema], operatorFields: [FieldSchema], shorthands: [ShorthandSchema] = [],
    claimField: String? = nil, claims: @escaping @Sendable (Spec) -> [String] = { _ in [] },
    nameInNPM: (@Sendable (Spec) -> String?)? = nil, effect: @escaping @Sendable (Spec) -> String,
    check: @escaping @Sendable (Spec) -> [ValidationIssue] = { _ in [] },
    normalise: @escaping @Sendable (inout Spec) -> Void = { _ in },
    staleSince: NPMVersion? = nil, isSingleton: Bool = false, canBeMadeDisabled: Bool = false
  ) {
    self.kind = kind
    self.section = section
    self.route = route
    self.ownershipProof = ownershipProof
    self.hasNginxState = hasNginxState
    self.fields = fields
    self.operatorFields = operatorFields
    self.shorthands = shorthands
    self.claimField = claimField
    self.claims = claims
    let nameField: String? = if case .name(let field) = ownershipProof { field } else { nil }
    self.nameInNPM = nameInNPM ?? { spec in nameField.flatMap { spec[$0].stringValue } }
    self.effect = effect
    self.check = check
    self.normalise = normalise
    self.staleSince = staleSince
    self.isSingleton = isSingleton
    self.canBeMadeDisabled = canBeMadeDisabled
    references = fields.compactMap { field in
      if case .reference(let kind) = field.type { (field.name, kind) } else { nil }
    }
    index = Dictionary(uniqueKeysWithValues: fields.enumerated().map { ($1.name, $0) })
    defaults = fields.map { $0.defaultValue ?? .null }
  }

  /// Whether its objects can carry our marker.
  package var hasMarker: Bool { ownershipProof == .marker || ownershipProof == .markerFromCreation }

  /// Whether NPM takes `enabled` in a PUT, too. Where it does, a host must never be switched on by the call for that: NPM
  /// configures it from a row without the users and addresses of its access list.
  package var isSwitchedByUpdate: Bool { canBeMadeDisabled }

  /// What it serves, and what it does with that.
  package func summary(_ spec: Spec) -> String {
    let (claims, effect) = (claims(spec), effect(spec))
    return claims.isEmpty ? effect : "\(claims.joined(separator: ", ")) -> \(effect)"
  }

  func position(of field: String) -> Int? { index[field] }

  /// Whether NPM can disable and enable it.
  package var canBeDisabled: Bool { index["enabled"] != nil }
  /// Every field that may be written of one.
  package var writtenFields: [FieldSchema] { fields.written + operatorFields }

  /// The field with NPM's name for objects of this kind.
  package var nameField: String? { if case .name(let field) = ownershipProof { field } else { nil } }

  /// Whether its destination is probed before it goes live.
  package var isProbed: Bool { operatorFields.contains { $0.name == "validate" } }

  /// Whether other kinds refer to it by name.
  package var isReferredTo: Bool { nameField != nil && !isSingleton }

  /// Kinds that desired files may contain, each after those that it refers to.
  package static let all: [ResourceSchema] = [
    .certificate, .accessList, .proxyHost, .redirectionHost, .deadHost, .stream, .setting,
  ]

  package static func of(_ kind: ResourceKind) -> ResourceSchema? { all.first { $0.kind == kind } }
}
