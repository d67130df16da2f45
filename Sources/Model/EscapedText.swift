/// An output medium and its escaping rules.
package protocol TextMedium: Sendable {
  /// Escapes an external text for one line of this medium.
  static func escape(_ text: String) -> String
}

/// A text for one medium. Its literals come from this program; interpolated values are escaped, unless they are of the
/// same medium already. Output accepts no other type, so that external text cannot be printed unescaped.
package struct EscapedText<Medium: TextMedium>: Hashable, Sendable {
  /// The escaped text.
  package private(set) var raw: String

  /// Escapes an external text.
  package init(_ text: some StringProtocol) { raw = Medium.escape(String(text)) }

  /// Accepts a text unchanged that the program itself made for this medium.
  package init(trusted text: String) { raw = text }

  package var isEmpty: Bool { raw.isEmpty }

  package static func + (left: EscapedText, right: EscapedText) -> EscapedText {
    EscapedText(trusted: left.raw + right.raw)
  }
  package static func += (left: inout EscapedText, right: EscapedText) { left.raw += right.raw }

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

/// Text for a terminal, or for a log that is read in one.
package typealias TerminalText = EscapedText<TerminalMedium>

/// Escapes control characters, which a terminal executes, and characters that it hides or reorders.
package enum TerminalMedium: TextMedium {
  /// Maximum number of characters; longer texts are cut in the middle, so that one text does not flood the screen.
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
    // Count scalars: one character may have thousands of combining marks.
    let scalars = text.unicodeScalars
    guard text.utf8.count > longest, scalars.count > longest else { return text }
    let (head, tail) = (String(scalars.prefix(longest * 3 / 4)), String(scalars.suffix(longest / 8)))
    return "\(head) ... \(tail) (\(scalars.count) characters)"
  }
}

/// Text for Markdown with HTML, as code forges render it; also valid in a table cell.
package typealias MarkdownText = EscapedText<MarkdownMedium>

package enum MarkdownMedium: TextMedium {
  package static func escape(_ text: String) -> String {
    var result = ""
    for scalar in TerminalMedium.escape(text.replacing("\n", with: " ")).unicodeScalars {
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      // Forges notify users whose names are mentioned.
      case "@": result += "@<!-- -->"
      case "\\", "`", "*", "_", "[", "]", "|", "~", "#", "!", "$": result += "\\\(scalar)"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

/// Characters with an effect other than being visible.
package enum UnsafeScalar {
  package static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20..<0x7f: false
    case 0..<0x20, 0x7f..<0xa0: true
    // Soft hyphen; directional marks; zero-width characters; line and paragraph separators; tags; byte order mark.
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
