/// A position in a source file. Lines and columns count from 1, columns in characters.
package struct SourceLocation: Hashable, Comparable, Sendable {
  package var file: String
  package var line: Int
  package var column: Int
  /// The number of characters on its line that it covers.
  package var length: Int

  package init(file: String, line: Int, column: Int, length: Int = 1) {
    self.file = file
    self.line = line
    self.column = column
    self.length = length
  }

  package static func < (left: SourceLocation, right: SourceLocation) -> Bool {
    (left.file, left.line, left.column) < (right.file, right.line, right.column)
  }
}
