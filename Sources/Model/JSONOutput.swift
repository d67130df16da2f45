import FoundationEssentials

/// JSON output: members in alphabetical order, slashes unescaped.
package enum JSONOutput {
  package static func pretty(_ value: some Encodable) -> String { text(value, [.prettyPrinted]) }
  package static func line(_ value: some Encodable) -> String { text(value, []) }

  private static func text(_ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
    return (try? encoder.encode(value)).map { escaped(String(decoding: $0, as: UTF8.self)) } ?? "null"
  }

  /// Escapes characters that JSON allows but a terminal should not receive. They occur only in strings.
  private static func escaped(_ json: String) -> String {
    func isRaw(_ scalar: Unicode.Scalar) -> Bool { scalar != "\n" && UnsafeScalar.isUnsafe(scalar) }
    guard json.unicodeScalars.contains(where: isRaw) else { return json }
    return json.unicodeScalars.reduce(into: "") { result, scalar in
      guard isRaw(scalar) else { return result.unicodeScalars.append(scalar) }
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
  }
}
