import Model
import YAML

/// The top-level keys of a desired file.
enum TopLevelKeys {
  /// Keys of the contract that are not supported yet.
  static let later = ["services"]

  static func report(_ entry: YAMLEntry, _ decoder: inout ValueDecoder) {
    if later.contains(entry.key) {
      decoder.report(
        .notYetSupported, "'\(entry.key)' is not supported yet, so that it would be ignored",
        at: decoder.location(entry.keyNode), hint: "remove the section for now")
      return
    }
    let known = decoder.kinds.map(\.section) + ["defaults", SnippetSection.key]
    decoder.unknown(entry, among: known, owner: "a desired file")
  }
}

/// Decodes `defaults:`: fields for all hosts of a kind.
enum DefaultsDecoder {
  static func decode(_ node: YAMLNode, _ decoder: inout ValueDecoder) -> KindDefaults {
    var result: KindDefaults = [:]
    guard case .mapping(let entries) = node.content else {
      decoder.report(.wrongType, "'defaults' must be a mapping, this is \(node.shape)", at: decoder.location(node))
      return result
    }
    for entry in entries where !entry.key.hasPrefix("x-") {
      guard let kind = decoder.kinds.first(where: { $0.section == entry.key }) else {
        TopLevelKeys.report(entry, &decoder)
        continue
      }
      let all = kind.writtenFields
      let owner = "the defaults of \(entry.key)"
      result[kind.kind] = decoder.fields(of: entry.value, all, shorthands: kind.shorthands, owner: owner)
      for field in [kind.claimField, kind.nameField].compactMap({ $0 }) {
        guard let written = result[kind.kind]?.removeValue(forKey: field) else { continue }
        decoder.report(.badValue, "'\(field)' cannot be a default: no two can have the same", at: written.location)
      }
    }
    return result
  }
}
