import Model
import YAML

/// Writes values as YAML that parses back to the same value.
enum YAMLText {
  /// One line: plain if that is safe, else in double quotes.
  static func scalar(_ text: String) -> String { isPlain(text) ? text : quoted(text) }

  static func flow(_ items: [String]) -> String { "[" + items.map(scalar).joined(separator: ", ") + "]" }

  /// A multi-line text as a block scalar, without its key; nil if only quotes preserve it.
  static func block(_ text: String, indent: Int) -> [String]? {
    guard text.dropLast().contains("\n"), text.first != " ", text.first != "\n", text.last != " " else { return nil }
    let isPrintable = text.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || !isSpecial($0) }
    guard isPrintable, !text.hasSuffix("\n\n"), !text.hasPrefix("\t") else { return nil }
    let body = text.hasSuffix("\n") ? String(text.dropLast()) : text
    let pad = String(repeating: " ", count: indent)
    let lines = body.split(separator: "\n", omittingEmptySubsequences: false)
    return [text.hasSuffix("\n") ? "|" : "|-"] + lines.map { $0.isEmpty ? "" : pad + $0 }
  }

  private static func isPlain(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.last != UInt8(ascii: " ") else { return false }
    let isSafe: (UInt8) -> Bool = { byte in
      byte.isAlphanumeric || "._/-".utf8.contains(byte)
    }
    guard first.isAlphanumeric || first == UInt8(ascii: "/") || first == UInt8(ascii: "_") else { return false }
    let isURL = text.hasPrefix("http://") || text.hasPrefix("https://")
    guard text.utf8.allSatisfy({ isSafe($0) || $0 == 0x20 || (isURL && $0 == UInt8(ascii: ":")) }) else { return false }
    return !YAMLScalar.isNull(text) && YAMLScalar.bool(text) == nil && Double(text) == nil
      && !["none", "auto"].contains(text)
      && text.last != ":"
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if isSpecial(scalar) {
          result += escape(scalar.value)
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }

  /// Characters that YAML does not allow as printable, and characters that are invisible or look like others.
  private static func isSpecial(_ scalar: Unicode.Scalar) -> Bool {
    UnsafeScalar.isUnsafe(scalar) || [0xa0, 0xfffe, 0xffff].contains(scalar.value)
  }

  private static func escape(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    let width = value <= 0xff ? 2 : value <= 0xffff ? 4 : 8
    return "\\" + ([2: "x", 4: "u"][width] ?? "U") + String(repeating: "0", count: max(0, width - digits.count))
      + digits
  }
}
