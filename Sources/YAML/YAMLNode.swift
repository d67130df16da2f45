/// A position in a text: line and column from 1, columns in characters.
package struct YAMLMark: Hashable, Sendable {
  package var line: Int
  package var column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// One node of a YAML document with its position.
///
/// An alias is stored as a copy of its target, with the positions of the target.
package struct YAMLNode: Sendable {
  package indirect enum Content: Sendable {
    /// `isPlain`: written without quotes, so that `80`, `true` and `null` are not necessarily text.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    case mapping([YAMLEntry])
  }

  package var content: Content
  package var start: YAMLMark
  /// One past the last character; for a block scalar or a collection this may be on a later line.
  package var end: YAMLMark
  /// Whether it is a block scalar, written below its key with `|` or `>`.
  package var isBlock = false
  /// Its number of nodes with every alias expanded.
  var weight = 1

  init(content: Content, start: YAMLMark, end: YAMLMark, isBlock: Bool = false, weight: Int = 1) {
    self.content = content
    self.start = start
    self.end = end
    self.isBlock = isBlock
    self.weight = weight
  }

  /// A scalar that is not of a file.
  package init(scalar text: String, isPlain: Bool) {
    let mark = YAMLMark(line: 1, column: 1)
    self.init(content: .scalar(text, isPlain: isPlain), start: mark, end: mark)
  }

  /// The name of this shape in error messages.
  package var shape: String {
    switch content {
    case .scalar(let text, let isPlain):
      if isPlain && YAMLScalar.isNull(text) { return "nothing" }
      if isPlain && YAMLScalar.bool(text) != nil { return "a boolean" }
      if isPlain && Int(text) != nil { return "a number" }
      return "a text"
    case .sequence: return "a list"
    case .mapping: return "a mapping"
    }
  }
}

/// One key and its value. `isMerged`: it comes from `<<`.
package struct YAMLEntry: Sendable {
  package var key: String
  package var keyNode: YAMLNode
  package var value: YAMLNode
  package var isMerged = false
}

/// The meaning of plain scalars: the core schema of YAML 1.2, in which `no` and `on` are text.
package enum YAMLScalar {
  package static func isNull(_ text: String) -> Bool {
    text.isEmpty || text == "~" || text == "null" || text == "Null" || text == "NULL"
  }

  package static func bool(_ text: String) -> Bool? {
    switch text {
    case "true", "True", "TRUE": true
    case "false", "False", "FALSE": false
    default: nil
    }
  }
}

/// An error in a YAML text.
package struct YAMLProblem: Error, Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case syntax, encoding, duplicateKey, unknownAlias, aliasExpansion, depth, tag, key, merge
  }
  package var kind: Kind
  package var message: String
  package var mark: YAMLMark
  /// The number of characters on its line that the problem covers.
  package var length = 1
  /// An earlier position that belongs to the problem, such as the first of two equal keys.
  package var related: YAMLMark?
}
