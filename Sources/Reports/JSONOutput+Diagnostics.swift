package import Model

/// Diagnostics and locations as in the contract.
extension JSONOutput {
  package static func diagnostics(_ list: [Diagnostic]) -> JSONValue { .array(list.map(diagnostic)) }

  package static func diagnostic(_ item: Diagnostic) -> JSONValue {
    var members: [String: JSONValue] = [
      "code": .string(item.code.rawValue), "severity": .string(item.severity.rawValue),
      "message": .string(item.message), "hint": item.hint.map { .string($0) } ?? .null,
      "file": .null, "line": .null, "column": .null,
    ]
    if let call = item.callID { members["correlation_id"] = .string(call) }
    if let place = item.location { members.merge(location(place)) { _, new in new } }
    if let note = item.note {
      members["note"] = .object(location(note.location).merging(["message": .string(note.message)]) { $1 })
    }
    return .object(members)
  }

  package static func location(_ place: SourceLocation) -> [String: JSONValue] {
    ["file": .string(place.file), "line": .int(place.line), "column": .int(place.column)]
  }
}
