import Model
import YAML

/// A node of a file of another tool. It is read leniently: tools write `true`, `1` and `yes` for the same.
struct ImportNode {
  let file: String
  let node: YAMLNode

  var place: SourceLocation { SourceLocation(file: file, line: node.start.line, column: node.start.column) }

  /// The members of a mapping.
  var entries: [(key: String, value: ImportNode)] {
    guard case .mapping(let entries) = node.content else { return [] }
    return entries.map { ($0.key, ImportNode(file: file, node: $0.value)) }
  }

  var isMapping: Bool { if case .mapping = node.content { true } else { false } }

  var isList: Bool { if case .sequence = node.content { true } else { false } }

  /// The texts of a list; nil: it is none of texts.
  var texts: [String]? {
    guard isList else { return nil }
    let found = items.map(\.text)
    return found.contains(nil) ? nil : found.compactMap(\.self)
  }

  /// The items of a list.
  var items: [ImportNode] {
    guard case .sequence(let items) = node.content else { return [] }
    return items.map { ImportNode(file: file, node: $0) }
  }

  subscript(_ key: String) -> ImportNode? {
    guard case .mapping(let entries) = node.content else { return nil }
    return entries.last { $0.key == key }.map { ImportNode(file: file, node: $0.value) }
  }

  /// A scalar as text; nil for null, lists and mappings.
  var text: String? {
    guard case .scalar(let text, let isPlain) = node.content, !(isPlain && YAMLScalar.isNull(text)) else { return nil }
    return text
  }

  var number: Int? { text.flatMap { Int($0) } }
  var flag: Bool? { text.flatMap(Self.flag) }

  var isNull: Bool {
    if case .scalar(let text, let isPlain) = node.content { isPlain && YAMLScalar.isNull(text) } else { false }
  }

  static func flag(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "true", "1", "yes", "on": true
    case "false", "0", "no", "off", "": false
    default: nil
    }
  }

  /// Another text at the same place.
  func replacing(_ text: String) -> ImportNode {
    var copy = node
    copy.content = .scalar(text, isPlain: false)
    return ImportNode(file: file, node: copy)
  }
}
