/// The texts of the loaded files, to quote lines in diagnostics.
package struct SourceLines: Sendable {
  private var bytes: [String: [UInt8]] = [:]

  private var hidden: [String: Set<Int>] = [:]

  package init() {}

  package mutating func add(_ file: String, _ contents: [UInt8]) { bytes[file] = contents }

  /// Hides a line that contains a secret.
  package mutating func hide(_ line: Int, of file: String) { hidden[file, default: []].insert(line) }

  /// A line by its number from 1; nil: it does not exist or is hidden.
  package func line(_ number: Int, of file: String) -> String? {
    guard hidden[file]?.contains(number) != true else { return nil }
    let lines = bytes[file]?.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) ?? []
    guard lines.indices.contains(number - 1) else { return nil }
    let line = lines[number - 1]
    return String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
  }
}
