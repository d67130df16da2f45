/// A way in which texts leave the program, and what has to be escaped on it.
package protocol TextMedium: Sendable {
  /// A text that somebody else may have written, as it can stand in a line of this medium.
  static func escape(_ text: String) -> String
}

/// A text for one medium. What stands in its literals is ours; whatever is put into it is escaped, unless it is for the
/// same medium already. Output takes nothing else, so that no text of others gets out raw.
package struct EscapedText<Medium: TextMedium>: Hashable, Sendable {
  /// As it goes out.
  package private(set) var raw: String

  /// Escapes a text of others.
  package init(_ text: some StringProtocol) { raw = Medium.escape(String(text)) }

  /// Takes a text over as it is: one that the program made for this medium itself.
  package init(trusted text: String) { raw = text }

  package var isEmpty: Bool { raw.isEmpty }
  /// Characters, those that are not seen included.
  package var count: Int { raw.count }

  package static func + (left: EscapedText, right: EscapedText) -> EscapedText {
    EscapedText(trusted: left.raw + right.raw)
  }
  package static func += (left: inout EscapedText, right: EscapedText) { left.raw += right.raw }

  /// With blanks up to a width.
  package func padded(to width: Int) -> EscapedText {
    EscapedText(trusted: raw + String(repeating: " ", count: max(0, width - raw.count)))
  }

  package static func blanks(_ count: Int) -> EscapedText {
    EscapedText(trusted: String(repeating: " ", count: max(0, count)))
  }
}

extension EscapedText: ExpressibleByStringInterpolation {
  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var raw = ""

    package init(literalCapacity: Int, interpolationCount: Int) { raw.reserveCapacity(literalCapacity) }

    package mutating func appendLiteral(_ literal: String) { raw += literal }
    package mutating func appendInterpolation(_ text: EscapedText) { raw += text.raw }
    package mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      raw += Medium.escape(value.description)
    }
  }

  package init(stringLiteral value: String) { raw = value }
  package init(stringInterpolation: StringInterpolation) { raw = stringInterpolation.raw }
}

extension Sequence {
  package func joined<Medium>(separator: EscapedText<Medium>) -> EscapedText<Medium>
  where Element == EscapedText<Medium> {
    EscapedText(trusted: map(\.raw).joined(separator: separator.raw))
  }
}

/// Texts for a terminal, or for a log that people read with one.
package typealias TerminalText = EscapedText<TerminalMedium>

/// A terminal takes control characters for orders, and shows some others as nothing or in another order.
package enum TerminalMedium: TextMedium {
  /// Characters of one text: longer ones are cut in the middle, so that a screen stays one.
  static let longest = 1000

  package static func escape(_ text: String) -> String {
    let short = bounded(text)
    guard short.unicodeScalars.contains(where: UnsafeScalar.isUnsafe) else { return short }
    var result = ""
    for scalar in short.unicodeScalars {
      if UnsafeScalar.isUnsafe(scalar) {
        result += UnsafeScalar.spelled(scalar)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func bounded(_ text: String) -> String {
    // Marks on a character count: there may be thousands on one.
    let scalars = text.unicodeScalars
    guard text.utf8.count > longest, scalars.count > longest else { return text }
    let (head, tail) = (String(scalars.prefix(longest * 3 / 4)), String(scalars.suffix(longest / 8)))
    return "\(head) ... \(tail) (\(scalars.count) characters)"
  }
}

/// Texts for Markdown as forges show it, HTML included; in a cell of a table, too.
package typealias MarkdownText = EscapedText<MarkdownMedium>

package enum MarkdownMedium: TextMedium {
  package static func escape(_ text: String) -> String {
    var result = ""
    for scalar in TerminalMedium.escape(text.replacing("\n", with: " ")).unicodeScalars {
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      // Forges tell people of their names.
      case "@": result += "@<!-- -->"
      case "\\", "`", "*", "_", "[", "]", "|", "~", "#", "!", "$": result += "\\\(scalar)"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

/// Characters that do something else than being seen.
package enum UnsafeScalar {
  package static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20..<0x7f: false
    case 0..<0x20, 0x7f..<0xa0: true
    // Soft hyphen; marks of direction; what has no width; ends of lines and paragraphs; tags; the byte order mark.
    case 0xad, 0x61c, 0x180e, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff, 0xfff9...0xfffb: true
    case 0xe0000...0xe0fff: true
    default: false
    }
  }

  /// `\n`, `\t`, `\u{1b}`.
  package static func spelled(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: "\\u{\(String(scalar.value, radix: 16))}"
    }
  }
}
