/// NPM's limit for one request: 100 KiB of JSON, escapes included.
package enum RequestSize {
  /// Bytes.
  package static let limit = 100 << 10
  /// Bytes reserved for `meta`, ids in place of names, and the outer braces.
  private static let reserve = 1 << 10
  /// Bytes available for the fields of one object.
  package static let available = limit - reserve
}

extension JSONValue {
  /// Its size in bytes as compact JSON with unescaped slashes.
  package var encodedSize: Int {
    switch self {
    case .null: 4
    case .bool(let flag): flag ? 4 : 5
    case .int(let number): String(number).utf8.count
    case .double(let number): String(number).utf8.count
    case .string(let text): Self.encodedSize(text)
    case .array(let items): 2 + max(0, items.count - 1) + items.reduce(0) { $0 + $1.encodedSize }
    case .object(let members):
      2 + max(0, members.count - 1) + members.reduce(0) { $0 + Self.encodedSize($1.key) + 1 + $1.value.encodedSize }
    }
  }

  private static func encodedSize(_ text: String) -> Int {
    text.utf8.reduce(2) { size, byte in
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x08, 0x09, 0x0a, 0x0c, 0x0d: size + 2
      case 0..<0x20: size + 6
      default: size + 1
      }
    }
  }
}
