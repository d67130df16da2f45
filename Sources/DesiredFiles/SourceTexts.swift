/// Lines of the files that were read, to show what a diagnostic points at.
package struct SourceTexts: Sendable {
  private var lines: [String: [Substring]] = [:]

  package init() {}

  package mutating func add(_ file: String, _ bytes: [UInt8]) {
    lines[file] = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// A line by its number from 1.
  package func line(_ number: Int, of file: String) -> String? {
    guard let all = lines[file], all.indices.contains(number - 1) else { return nil }
    return String(all[number - 1])
  }
}
