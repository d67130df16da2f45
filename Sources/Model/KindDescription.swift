/// One kind of NPM object, described once.
package struct KindDescription: Sendable {
  package var kind: ResourceKind
  /// The key of its mapping in the desired files.
  package var section: String
  /// What NPM stores, in the order people read it.
  package var fields: [FieldDescription]
  /// What only the operator knows; never sent to NPM.
  package var operatorFields: [FieldDescription]
  package var shorthands: [ShorthandDescription]
  /// Brings a spec to the form in which NPM keeps it, so that equal meaning is equal value.
  package var normalise: @Sendable (inout Spec) -> Void
  private var index: [String: Int]

  package init(
    kind: ResourceKind, section: String, fields: [FieldDescription], operatorFields: [FieldDescription],
    shorthands: [ShorthandDescription], normalise: @escaping @Sendable (inout Spec) -> Void
  ) {
    self.kind = kind
    self.section = section
    self.fields = fields
    self.operatorFields = operatorFields
    self.shorthands = shorthands
    self.normalise = normalise
    index = Dictionary(uniqueKeysWithValues: fields.enumerated().map { ($1.name, $0) })
  }

  func position(of field: String) -> Int? { index[field] }

  /// Kinds that desired files may hold today.
  package static let all: [KindDescription] = [.proxyHost]

  package static func of(_ kind: ResourceKind) -> KindDescription? { all.first { $0.kind == kind } }
}
