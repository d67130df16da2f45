/// A place in a text: line and column count from 1, columns in characters.
package struct YAMLMark: Hashable, Sendable {
  package var line: Int
  package var column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// One node of a YAML document with the place it was written at.
///
/// An alias stands here as a copy of what it names, with the positions of the original.
package struct YAMLNode: Sendable {
  package indirect enum Content: Sendable {
    /// `isPlain`: written without quotes, so that `80`, `true` and `null` may mean more than text.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    case mapping([YAMLEntry])
  }

  package var content: Content
  package var start: YAMLMark
  /// One past the last character; for a block scalar or a collection this may be on a later line.
  package var end: YAMLMark
  /// A text written below its key with `|` or `>`.
  package var isBlock = false
  /// How many nodes this is with every alias written out.
  var weight = 1

  /// What people call this shape in an error message.
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

/// One key and its value. `isMerged`: it came in through `<<`.
package struct YAMLEntry: Sendable {
  package var key: String
  package var keyNode: YAMLNode
  package var value: YAMLNode
  package var isMerged = false
}

/// What plain scalars mean: the core schema of YAML 1.2, where `no` and `on` are text.
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

/// What is wrong with a YAML text.
package struct YAMLProblem: Error, Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case syntax, encoding, duplicateKey, unknownAlias, aliasExpansion, depth, tag, key, merge
  }
  package var kind: Kind
  package var message: String
  package var mark: YAMLMark
  /// How many characters the problem spans on its line.
  package var length = 1
  /// An earlier place that belongs to the problem, such as the first of two equal keys.
  package var related: YAMLMark?
}
