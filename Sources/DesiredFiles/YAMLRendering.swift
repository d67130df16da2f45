import Model
import YAML

/// Values of JSON as YAML, as the loader reads them again.
enum YAMLRendering {
  /// On one line.
  ///
  /// - Parameter key: whose value it is: `auto` and `none` are words for a reference, and texts elsewhere.
  static func flow(_ value: JSONValue, key: String = "") -> String {
    switch value {
    case .null: isReference(key) ? "none" : "null"
    case .bool(let flag): flag ? "true" : "false"
    case .int(let number): String(number)
    case .double(let number): String(number)
    case .string(let text): scalar(text, key)
    case .array(let items): "[" + items.map { flow($0) }.joined(separator: ", ") + "]"
    case .object(let members):
      members.isEmpty
        ? "{}"
        : "{ " + sorted(members).map { "\(YAMLText.scalar($0)): \(flow($1, key: $0))" }.joined(separator: ", ") + " }"
    }
  }

  /// What stands behind `key:`, and the lines below it, which have their indentation.
  ///
  /// - Parameter indent: of the key, in blanks.
  static func lines(_ value: JSONValue, key: String, indent: Int) -> [String] {
    let pad = String(repeating: " ", count: indent + 2)
    switch value {
    case .string(let text): return YAMLText.block(text, indent: indent + 2) ?? [scalar(text, key)]
    case .array(let items):
      let short = flow(value)
      let isPlain = items.allSatisfy { $0.objectValue == nil && $0.arrayValue == nil }
      if items.isEmpty || (isPlain && short.count <= longest) { return [short] }
      return [""] + items.flatMap { item($0, pad: pad, indent: indent + 2) }
    case .object(let members):
      let short = flow(value)
      let isPlain = members.values.allSatisfy { !($0.stringValue ?? "").contains("\n") }
      if members.isEmpty || (isPlain && short.count <= longest) { return [short] }
      return [""] + mapping(members, indent: indent + 2)
    default: return [flow(value, key: key)]
    }
  }

  /// The lines of a mapping.
  static func mapping(_ members: [String: JSONValue], order: [String] = [], indent: Int) -> [String] {
    let pad = String(repeating: " ", count: indent)
    let places = Dictionary(firstOf: order.enumerated().map { ($1, $0) })
    let last = order.count
    return members.sorted { (places[$0.key] ?? last, $0.key) < (places[$1.key] ?? last, $1.key) }.flatMap {
      key, value in
      let lines = lines(value, key: key, indent: indent)
      let first = pad + YAMLText.scalar(key) + ":" + (lines[0].isEmpty ? "" : " " + lines[0])
      return [first] + lines.dropFirst()
    }
  }

  /// One entry of a list in block style.
  static func item(_ value: JSONValue, pad: String, indent: Int) -> [String] {
    guard let members = value.objectValue, !members.isEmpty else { return ["\(pad)- \(flow(value))"] }
    let lines = mapping(members, indent: indent + 2)
    return ["\(pad)- \(lines[0].dropFirst(indent + 2))"] + lines.dropFirst()
  }

  /// Cells up to which a list or a mapping stands on one line.
  private static let longest = 80

  private static func scalar(_ text: String, _ key: String) -> String {
    isReference(key) && ["auto", "none"].contains(text) ? text : YAMLText.scalar(text)
  }

  private static func isReference(_ key: String) -> Bool { references.contains(key) }

  private static let references = Set(
    ResourceSchema.all.flatMap(\.fields).compactMap { field -> String? in
      if case .reference = field.type { field.name } else { nil }
    })

  private static func sorted(_ members: [String: JSONValue]) -> [(String, JSONValue)] {
    members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}

extension YAMLNode {
  /// As JSON, by the words of YAML 1.2.
  var json: JSONValue {
    switch content {
    case .scalar(let text, let isPlain):
      guard isPlain else { return .string(text) }
      if YAMLScalar.isNull(text) { return .null }
      if let flag = YAMLScalar.bool(text) { return .bool(flag) }
      if let number = Int(text) { return .int(number) }
      return Double(text).map { .double($0) } ?? .string(text)
    case .sequence(let items): return .array(items.map(\.json))
    case .mapping(let entries): return .object(Dictionary(firstOf: entries.map { ($0.key, $0.value.json) }))
    }
  }
}
