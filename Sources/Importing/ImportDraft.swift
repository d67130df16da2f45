package import Model

/// What a field of an imported object refers to.
enum ImportedReference {
  /// By the number in NPM.
  case number(Int)
  /// By the identity of another imported object.
  case identity(String)
  /// The best certificate that is good for all its names.
  case auto

  /// As it stands in a comment, where it is not known.
  var description: String {
    switch self {
    case .number(let number): "#\(number)"
    case .identity(let identity): identity
    case .auto: "auto"
    }
  }
}

/// An object of another tool, with the names of fields that it has here.
struct ImportedObject {
  let kind: ResourceSchema
  /// What its tool calls it, for people.
  let origin: String
  let place: SourceLocation
  /// Candidates for its name, the best one first; they need not be valid.
  var names: [String]
  /// What others of its kind of file refer to it by.
  var identity: String?
  /// Its number in NPM.
  var number: ResourceID?
  var fields: [String: JSONValue] = [:]
  /// By the name of the field.
  var references: [String: ImportedReference] = [:]
  /// Why it cannot be managed as it stands: it would not be what its tool serves.
  var gaps: [String] = []

  init(_ kind: ResourceSchema, _ origin: String, at place: SourceLocation, names: [String]) {
    self.kind = kind
    self.origin = origin
    self.place = place
    self.names = names
  }
}

/// What was read from the files of other tools.
package struct ImportDraft: Sendable {
  /// The tools and their files, such as `wyrmctl (hosts.yaml)`.
  var origins: [String] = []
  /// Errors, and warnings about what was not translated.
  package internal(set) var diagnostics: [Diagnostic] = []
  var objects: [ImportedObject] = []
  /// Names in NPM of objects that the files only refer to.
  var namesInNPM: [ObjectRef: String] = [:]

  /// Says that something of a tool has no place here.
  mutating func note(_ message: String, at place: SourceLocation, hint: String? = nil) {
    diagnostics.append(Diagnostic(.notTranslated, message, at: place, hint: hint, severity: .warning))
  }

  /// Objects that are referred to by numbers which the files do not explain.
  package var unknownNumbers: Set<ObjectRef> {
    let known = Set(objects.compactMap { object in object.number.map { ObjectRef(object.kind.kind, $0) } })
    let used = objects.flatMap { object in
      object.references.compactMap { field, reference -> ObjectRef? in
        guard case .number(let number) = reference, let kind = object.kind.target(of: field) else { return nil }
        return ObjectRef(kind, ResourceID(number))
      }
    }
    return Set(used).subtracting(known).subtracting(namesInNPM.keys)
  }
}

extension ResourceSchema {
  /// The kind that a field refers to.
  func target(of field: String) -> ResourceKind? { references.first { $0.field == field }?.kind }
}
