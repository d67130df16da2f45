/// The fields of one object in NPM's form, with references by name.
package struct Spec: Hashable, Sendable, CustomStringConvertible {
  package let schema: ResourceSchema
  private var values: [JSONValue]

  package var kind: ResourceKind { schema.kind }

  /// All fields at their defaults.
  package init(_ schema: ResourceSchema) {
    self.schema = schema
    values = schema.defaults
  }

  /// A field by NPM's name. Reading an unknown one returns null, writing to it does nothing.
  package subscript(_ field: String) -> JSONValue {
    get { schema.position(of: field).map { values[$0] } ?? .null }
    set { if let position = schema.position(of: field) { values[position] = newValue } }
  }

  /// In the form in which NPM keeps it, so that equal meaning is equal value.
  package func normalised() -> Spec {
    var copy = self
    schema.normalise(&copy)
    return copy
  }

  /// The same, in the memory of this one where nothing changes.
  func normalisedSharing() -> Spec {
    let other = normalised()
    return other == self ? self : other
  }

  /// Fields in which the two differ, in the order of the schema.
  package func differences(to other: Spec) -> [FieldSchema] {
    if values == other.values { return [] }
    return values.indices.compactMap { index in
      let field = schema.fields[index]
      let (mine, theirs) = (values[index], other.values[index])
      return mine == theirs || Self.isSame(field, mine, theirs) ? nil : field
    }
  }

  /// nginx picks locations by best match, not by order, except regular expressions, where the first match wins.
  private static func isSame(_ field: FieldSchema, _ left: JSONValue, _ right: JSONValue) -> Bool {
    guard field.name == "locations", case .list(_, let key, _) = field.type, let a = left.arrayValue,
      let b = right.arrayValue, a.count == b.count
    else { return false }
    func path(_ location: JSONValue) -> String { location[key].stringValue ?? "" }
    guard !(a + b).contains(where: { path($0).hasPrefix("~") }) else { return false }
    return a.sorted { path($0) < path($1) } == b.sorted { path($0) < path($1) }
  }

  package static func == (left: Spec, right: Spec) -> Bool {
    left.schema === right.schema && left.values == right.values
  }
  package func hash(into hasher: inout Hasher) {
    hasher.combine(ObjectIdentifier(schema))
    hasher.combine(values)
  }

  /// The fields that differ from their defaults.
  package var description: String {
    let shown = zip(schema.fields, values).filter { $0.defaultValue != $1 }
    return "\(kind.rawValue)(" + shown.map { "\($0.name): \($1.summary)" }.joined(separator: "; ") + ")"
  }

  /// The values that only this object may have: its domains in NPM's order, or its ports.
  package var claims: [String] { schema.claims(self) }

  /// Its name in NPM, for kinds that have names there.
  package var nameInNPM: String? { schema.nameInNPM(self) }

  /// The keys that identify an object of another owner: its claims, or its name in NPM.
  package var identityKeys: [String] { nameInNPM.map { [$0] } ?? claims }

  /// Whether one of its fields refers to this object.
  package func refers(to kind: ResourceKind, _ name: JSONValue) -> Bool {
    schema.references.contains { $0.kind == kind && self[$0.field] == name }
  }

  /// All fields by name, for the store and for fingerprints.
  package var json: JSONValue {
    .object(Dictionary(uniqueKeysWithValues: zip(schema.fields.map(\.name), values)))
  }

  /// The size of `json` in bytes.
  package var encodedSize: Int {
    zip(schema.fields, values).reduce(1) { $0 + $1.0.name.utf8.count + 4 + $1.1.encodedSize }
  }

  /// Reads what `json` wrote; fields that it lacks have their defaults.
  package init(_ schema: ResourceSchema, json: JSONValue) {
    self.init(schema)
    for field in schema.fields where json.objectValue?[field.name] != nil { self[field.name] = json[field.name] }
  }
}
