/// The position of a field value in a file.
package struct FieldSource: Hashable, Sendable {
  /// Its first character. After an alias or `<<` this is the position of the original.
  package var location: SourceLocation
  /// One past its last character, lines and columns from 1.
  package var endLine: Int
  package var endColumn: Int
  /// The first line of text of a block scalar (`|` or `>`); nil for any other value.
  package var blockLine: Int?
  /// For a text composed of several parts: the number of lines and the position of each.
  package var parts: [Part] = []

  package struct Part: Hashable, Sendable {
    package var lines: Int
    package var source: FieldSource

    package init(lines: Int, source: FieldSource) {
      self.lines = lines
      self.source = source
    }
  }

  package init(_ location: SourceLocation, endLine: Int, endColumn: Int, blockLine: Int? = nil) {
    self.location = location
    self.endLine = endLine
    self.endColumn = endColumn
    self.blockLine = blockLine
  }

  /// The position of line `index` (from 0) of the value's text, if it is known; else that of the value.
  package func line(_ index: Int, length: Int = 1) -> SourceLocation {
    var index = index
    for part in parts {
      if index < part.lines { return part.source.line(index, length: length) }
      index -= part.lines
    }
    guard let blockLine else { return location }
    return SourceLocation(file: location.file, line: blockLine + index, column: 1, length: length)
  }
}
