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

/// One kind of NPM object; decoding, comparison, wire format, JSON Schema and docs are derived from it.
package struct ResourceSchema: Sendable {
  /// The proof of ownership that NPM holds, besides the store.
  package enum OwnershipProof: Hashable, Sendable {
    /// Our marker, in the free-form `meta` of the object.
    case marker
    /// A marker that NPM accepts only when the object is created. For an object without one, the id and creation time
    /// in the store decide.
    case markerFromCreation
    /// NPM has no place for a marker: id and creation time in the store decide, and this field if the store is lost.
    case name(field: String)
  }

  package var kind: ResourceKind
  /// The key of its mapping in the desired files.
  package var section: String
  /// The last part of its path in NPM's API.
  package var route: String
  package var ownershipProof: OwnershipProof
  /// Whether it has an nginx configuration whose state NPM reports in `meta.nginx_online`.
  package var hasNginxState: Bool
  /// Fields that NPM stores, in reading order.
  package var fields: [FieldSchema]
  /// Fields for the operator only; never sent to NPM.
  package var operatorFields: [FieldSchema]
  package var shorthands: [ShorthandSchema]
  /// The field with the values that only one object may have.
  package var claimField: String?
  /// The values that only one object may have: domains, or ports such as `tcp/2222`. Empty if there are none.
  package var claims: @Sendable (Spec) -> [String]
  /// The name of an object in NPM, for kinds that have names there.
  package var nameInNPM: @Sendable (Spec) -> String?
  /// A short description of its function.
  package var summary: @Sendable (Spec) -> String
  /// Problems of a spec that no single field shows.
  package var check: @Sendable (Spec) -> [ValidationIssue]
  /// Converts a spec to NPM's form, so that equal meaning gives equal values.
  package var normalise: @Sendable (inout Spec) -> Void
  private var index: [String: Int]

  package init(
    kind: ResourceKind, section: String, route: String, ownershipProof: OwnershipProof = .marker,
    hasNginxState: Bool = true,
    fields: [FieldSchema], operatorFields: [FieldSchema], shorthands: [ShorthandSchema] = [],
    claimField: String? = nil, claims: @escaping @Sendable (Spec) -> [String] = { _ in [] },
    nameInNPM: (@Sendable (Spec) -> String?)? = nil, summary: @escaping @Sendable (Spec) -> String,
    check: @escaping @Sendable (Spec) -> [ValidationIssue] = { _ in [] },
    normalise: @escaping @Sendable (inout Spec) -> Void = { _ in }
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
    self.summary = summary
    self.check = check
    self.normalise = normalise
    index = Dictionary(uniqueKeysWithValues: fields.enumerated().map { ($1.name, $0) })
  }

  /// Whether its objects can carry our marker.
  package var hasMarker: Bool { ownershipProof == .marker || ownershipProof == .markerFromCreation }

  /// From this NPM release on, a PUT configures nginx from the previous row, without its certificate: only disabling
  /// and enabling it again applies the stored row.
  package var staleSince: NPMVersion?

  /// Whether NPM accepts `enabled` in a PUT too. Then a host must never be enabled by NPM's `enable` call: that
  /// configures it from a row without the users and addresses of its access list.
  package var isSwitchedByUpdate: Bool { canBeMadeDisabled }

  func position(of field: String) -> Int? { index[field] }

  /// Whether NPM can disable and enable it.
  package var canBeDisabled: Bool { index["enabled"] != nil }
  /// A fixed set of objects in NPM: they are never created or deleted, and the desired files that contain them own
  /// them. They are read only on request, because not every account may.
  package var isSingleton = false
  /// Whether NPM accepts `enabled` in a create.
  package var canBeMadeDisabled = false

  /// Every field that the desired files may contain.
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
