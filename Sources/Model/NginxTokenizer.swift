/// Splits a text like nginx's configuration parser: words separated by blanks, quotes around a word, backslash escapes.
/// Source of the rules: `ngx_conf_read_token`.
package enum NginxTokenizer {
  package enum Problem: Error, Hashable, Sendable {
    /// A character that ends the directive: `;`, `{` or `}`.
    case ends(Character)
    case unclosedQuote
    /// Text directly after a closing quote.
    case glued
    case comment
    /// A backslash at the end, which would escape the text that NPM writes after it.
    case backslash
    case control

    package var message: String {
      switch self {
      case .ends(let character): "ends at the '\(character)' in it: nginx reads it unquoted"
      case .unclosedQuote: "has a quote that is not closed"
      case .glued: "has something behind a closing quote"
      case .backslash: "ends with a backslash"
      case .comment: "begins a comment with '#'"
      case .control: "contains a line end or control character"
      }
    }
  }

  /// The words of a text.
  ///
  /// - Throws: `Problem`.
  package static func split(_ text: String) throws -> [String] {
    var reader = Reader(rest: Array(text.utf8)[...])
    return try reader.words()
  }

  private struct Reader {
    var rest: ArraySlice<UInt8>

    mutating func words() throws -> [String] {
      var words: [String] = []
      if rest.contains(where: { $0 < 0x20 || $0 == 0x7f }) { throw Problem.control }
      while true {
        rest = rest.drop { $0 == UInt8(ascii: " ") }
        guard let first = rest.first else { return words }
        if first == UInt8(ascii: "#") { throw Problem.comment }
        let isQuoted = first == UInt8(ascii: "\"") || first == UInt8(ascii: "'")
        words.append(isQuoted ? try quoted(first) : try bare())
      }
    }

    private mutating func quoted(_ quote: UInt8) throws -> String {
      rest.removeFirst()
      var word: [UInt8] = []
      while let byte = rest.popFirst() {
        if byte == quote {
          guard rest.first.map({ $0 == UInt8(ascii: " ") }) ?? true else { throw Problem.glued }
          return String(decoding: word, as: UTF8.self)
        }
        word += byte == UInt8(ascii: "\\") ? escaped() : [byte]
      }
      throw Problem.unclosedQuote
    }

    private mutating func bare() throws -> String {
      var word: [UInt8] = []
      while let byte = rest.first, byte != UInt8(ascii: " ") {
        rest.removeFirst()
        // A brace after a dollar begins a variable; its closing brace needs no special handling.
        let isVariable = byte == UInt8(ascii: "{") && word.last == UInt8(ascii: "$")
        let isClosing = byte == UInt8(ascii: "}") && word.isEmpty
        if byte == UInt8(ascii: ";") || (byte == UInt8(ascii: "{") && !isVariable) || isClosing {
          throw Problem.ends(Character(Unicode.Scalar(byte)))
        }
        if byte == UInt8(ascii: "\\"), rest.isEmpty { throw Problem.backslash }
        word += byte == UInt8(ascii: "\\") ? escaped() : [byte]
      }
      return String(decoding: word, as: UTF8.self)
    }

    /// The bytes for a backslash and the character after it.
    private mutating func escaped() -> [UInt8] {
      guard let next = rest.popFirst() else { return [UInt8(ascii: "\\")] }
      switch next {
      case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"): return [next]
      case UInt8(ascii: "t"): return [0x09]
      case UInt8(ascii: "r"): return [0x0d]
      case UInt8(ascii: "n"): return [0x0a]
      default: return [UInt8(ascii: "\\"), next]
      }
    }
  }
}
