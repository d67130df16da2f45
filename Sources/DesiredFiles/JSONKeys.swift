import YAML

/// JSON whose objects have a key twice is read differently by different programs.
package enum JSONKeys {
  /// The message about the first such key; nil: there is none.
  package static func problem(in bytes: [UInt8]) -> String? {
    YAMLParser.parse(bytes).1.first { $0.kind == .duplicateKey }?.message
  }
}
