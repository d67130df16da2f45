import FoundationEssentials

/// Values as the store keeps them for those who alone know what they mean: JSON, equal for equal values.
package enum StoredText {
  package static func encoded(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  /// nil: it is not what is expected, as after a change of the program.
  package static func decoded<Value: Decodable>(_ text: String) -> Value? {
    try? JSONDecoder().decode(Value.self, from: Data(text.utf8))
  }
}
