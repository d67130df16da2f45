import FoundationEssentials
import Model
import SQLite

/// Values in text columns as JSON; equal values give equal text.
enum StoredJSON {
  static func encoded(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// - Throws: `StoreError`, for a row that cannot be decoded.
  static func decoded<Value: Decodable>(_ text: String, of table: String) throws -> Value {
    try readable(table) { try JSONDecoder().decode(Value.self, from: Data(text.utf8)) }
  }

  static func readable<Value>(_ table: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch {
      throw StoreError(
        .storeCorrupt, "a row of \(table) is unreadable",
        hint: "move the state file away and run once with --rebuild-ledger")
    }
  }
}

extension SQLiteValue {
  var int: Int { if case .integer(let number) = self { Int(number) } else { 0 } }
  var text: String { if case .text(let text) = self { text } else { "" } }
  var real: Double {
    switch self {
    case .real(let number): number
    case .integer(let number): Double(number)
    default: 0
    }
  }
}
