import Model
import YAML

/// Named texts for `advanced_config` that several hosts share.
struct SnippetTexts: Sendable {
  struct Snippet: Sendable {
    /// Ends with a line end.
    var text: String
    var source: FieldSource
    /// The position of its name.
    var place: SourceLocation
  }

  private(set) var all: [String: Snippet] = [:]
  /// Names in use.
  var used: Set<String> = []

  mutating func add(_ name: String, _ snippet: Snippet) { all[name] = snippet }
}

/// `snippets:` of a desired file.
enum SnippetSection {
  static let key = "snippets"

  static func read(_ node: YAMLNode, _ decoder: inout ValueDecoder) {
    guard case .mapping(let entries) = node.content else {
      if case .scalar(let text, true) = node.content, YAMLScalar.isNull(text) { return }
      decoder.report(
        .wrongType, "'\(key)' must be a mapping of names to texts, this is \(node.shape)", at: decoder.location(node))
      return
    }
    for entry in entries where !entry.key.hasPrefix("x-") {
      let place = decoder.location(entry.keyNode)
      guard ResourceName.isRight(entry.key) else {
        decoder.report(
          .badName, "'\(entry.key)' is no name for a snippet", at: place,
          hint: ResourceName.hint)
        continue
      }
      if let first = decoder.snippets.all[entry.key] {
        decoder.report(
          .duplicateName, "there is already a snippet '\(entry.key)'", at: place,
          note: Diagnostic.Note("first used", at: first.place))
        continue
      }
      guard let text = decoder.text(entry.value, name: entry.key) else { continue }
      let closed = text.hasSuffix("\n") ? text : text + "\n"
      decoder.snippets.add(
        entry.key, SnippetTexts.Snippet(text: closed, source: decoder.source(entry.value), place: place))
    }
  }

  static func unused(_ snippets: SnippetTexts) -> [Diagnostic] {
    snippets.all.filter { !snippets.used.contains($0.key) }.map { name, snippet in
      Diagnostic(.unusedReference, "nothing here uses the snippet '\(name)'", at: snippet.place, severity: .warning)
    }
  }
}

extension ValueDecoder {
  mutating func snippetNames(_ node: YAMLNode, name: String) -> DecodedValue? {
    guard case .sequence(let items) = node.content else {
      report(
        .wrongType, "'\(name)' must be a list of names, this is \(node.shape)", at: location(node),
        hint: "write it as [one, two]")
      return nil
    }
    var result = DecodedValue(value: .null, source: source(node))
    var names: [String] = []
    for item in items {
      guard let text = text(item, name: name) else { continue }
      if snippets.all[text] == nil {
        let near = Suggestion.nearest(to: text, among: Array(snippets.all.keys))
        report(
          .unknownName, "there is no snippet '\(text)'", at: location(item),
          hint: near.map { "did you mean '\($0)'?" } ?? "write it below 'snippets:' in a desired file")
      } else if names.contains(text) {
        report(.duplicateName, "the snippet '\(text)' is there twice", at: location(item))
      }
      snippets.used.insert(text)
      names.append(text)
    }
    result.value = .array(names.map { .string($0) })
    return result
  }

  /// Prepends the texts of snippets to the written `advanced_config`.
  func compose(_ decoded: inout DecodedFields) {
    guard let list = decoded.removeValue(forKey: FieldSchema.snippets.name) else { return }
    let parts = (list.value.arrayValue ?? []).compactMap { $0.stringValue.flatMap { snippets.all[$0] } }
    guard !parts.isEmpty else { return }
    let target = FieldSchema.snippetTarget
    let own = decoded[target]
    var composed = own ?? DecodedValue(value: "", source: list.source)
    composed.value = .string(parts.map(\.text).joined() + (own?.value.stringValue ?? ""))
    composed.source.parts = parts.map { part in
      FieldSource.Part(lines: part.text.count { $0 == "\n" }, source: part.source)
    }
    decoded[target] = composed
  }
}
