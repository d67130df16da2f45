import FoundationEssentials
import Model

/// JSON for people and machines: members in alphabetical order, slashes as they are.
enum JSONText {
  static func pretty(_ value: JSONValue) -> String { text(value, [.prettyPrinted]) }
  static func line(_ value: JSONValue) -> String { text(value, []) }

  private static func text(_ value: JSONValue, _ formatting: JSONEncoder.OutputFormatting) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }

  static func diagnostics(_ list: [Diagnostic]) -> JSONValue { .array(list.map(diagnostic)) }

  static func diagnostic(_ item: Diagnostic) -> JSONValue {
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

  static func location(_ place: SourceLocation) -> [String: JSONValue] {
    ["file": .string(place.file), "line": .int(place.line), "column": .int(place.column)]
  }
}
