import Model
import YAML

/// Fields of proxy hosts under a name: `preset: jellyfin`.
package struct Presets: Sendable {
  private(set) var all: [String: DecodedFields] = [:]

  /// Those of the program.
  static let builtIn: Presets = {
    var decoder = ValueDecoder(file: BuiltInPresets.file, secrets: .any)
    var presets = Presets()
    for document in YAMLParser.parse(Array(BuiltInPresets.text.utf8)).documents { presets.read(document, &decoder) }
    return presets
  }()

  /// The file of one's own, directly below the desired directory.
  static func isNamedPresets(_ file: String) -> Bool {
    let name = file[(file.lastIndex(of: "/").map(file.index(after:)) ?? file.startIndex)...].lowercased()
    return name == "_presets.yaml" || name == "_presets.yml"
  }

  /// Those of one's own replace the built-in ones of the same name.
  mutating func read(_ node: YAMLNode, _ decoder: inout ValueDecoder) {
    guard case .mapping(let entries) = node.content else {
      if case .scalar(let text, true) = node.content, YAMLScalar.isNull(text) { return }
      decoder.report(
        .wrongType, "presets are a mapping of names to fields, this is \(node.shape)", at: decoder.location(node))
      return
    }
    let kind = ResourceSchema.proxyHost
    let own = [kind.claimField, Self.field].compactMap(\.self)
    let fields = kind.writtenFields.filter { !own.contains($0.name) } + [Self.source]
    for entry in entries where !entry.key.hasPrefix("x-") {
      guard
        var decoded = decoder.fields(
          of: entry.value, fields, shorthands: kind.shorthands, owner: "the preset '\(entry.key)'")
      else { continue }
      decoded[Self.source.name] = nil
      all[entry.key] = decoded
    }
  }

  /// The field that names one.
  package static let field = "preset"

  /// The names of those of the program.
  package static var names: [String] { builtIn.all.keys.sorted() }

  /// Where it says what the service needs; for people.
  private static let source = FieldSchema("source", .string(0...1000), defaultValue: "", "Where that is said.")
}

extension ValueDecoder {
  /// The fields of the preset that a host names; nil: it names none, or none that there is.
  mutating func preset(_ written: DecodedFields) -> DecodedFields? {
    guard let named = written[Presets.field], let name = named.value.stringValue, !name.isEmpty else { return nil }
    if let fields = presets.all[name] { return fields }
    let names = presets.all.keys.sorted()
    let near = Suggestion.nearest(to: name, among: names).map { "did you mean '\($0)'? " } ?? ""
    report(
      .unknownReference, "there is no preset '\(name)'", at: named.location,
      hint: "\(near)there are \(names.joined(separator: ", ")), and those of _presets.yaml")
    return nil
  }
}
