import CLibPCRE2

/// A regular expression, compiled by the library that nginx uses.
package struct Pattern: Sendable {
  package struct Problem: Error, Sendable {
    /// The library's message.
    package var message: String
    /// The byte offset of the error.
    package var offset: Int
  }

  /// The names of its groups.
  package let names: [String]

  /// - Throws: `Problem`.
  package init(_ text: String, ignoresCase: Bool) throws {
    var code: Int32 = 0
    var offset = 0
    let bytes = Array(text.utf8)
    guard let compiled = shim_pcre2_compile(bytes, bytes.count, ignoresCase ? 1 : 0, &code, &offset) else {
      throw Problem(message: Self.message(code), offset: offset)
    }
    defer { shim_pcre2_free(compiled) }
    names = Self.names(compiled)
  }

  private static func message(_ code: Int32) -> String {
    var buffer = [UInt8](repeating: 0, count: 256)
    shim_pcre2_message(code, &buffer, buffer.count)
    return String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Reads the library's table: per name two bytes with the number of its group, then its text up to a zero byte.
  private static func names(_ compiled: UnsafeMutableRawPointer) -> [String] {
    var count: UInt32 = 0
    var size: UInt32 = 0
    var table: UnsafePointer<UInt8>?
    guard shim_pcre2_names(compiled, &count, &size, &table) == 0, let table else { return [] }
    return (0..<Int(count)).map { String(cString: table + $0 * Int(size) + 2) }
  }
}
