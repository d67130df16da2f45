/// Texts of the files that were read, to show what a diagnostic points at.
package struct SourceTexts: Sendable {
  private var bytes: [String: [UInt8]] = [:]

  package init() {}

  package mutating func add(_ file: String, _ contents: [UInt8]) { bytes[file] = contents }

  /// A line by its number from 1.
  package func line(_ number: Int, of file: String) -> String? {
    let lines = bytes[file]?.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) ?? []
    guard lines.indices.contains(number - 1) else { return nil }
    let line = lines[number - 1]
    return String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
  }
}
