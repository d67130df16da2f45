import Model
import Platform

extension EscapedText where Medium == TerminalMedium {
  /// Cells that it takes; colours take none.
  var cells: Int {
    guard raw.utf8.contains(0x1b) else { return CellWidth.of(raw) }
    // Escape sequences are ours: those of others are spelled out.
    let parts = raw.split(separator: "\u{1b}", omittingEmptySubsequences: false)
    return CellWidth.of(parts[0])
      + parts.dropFirst().reduce(0) { sum, part in
        sum + CellWidth.of(part.drop { $0 != "m" }.dropFirst())
      }
  }

  /// Padded with blanks to so many cells.
  func padded(to width: Int) -> TerminalText { self + TerminalText.blanks(width - cells) }

  var withoutLeadingBlanks: TerminalText { TerminalText(trusted: String(raw.drop { $0 == " " })) }

  var withoutTrailingBlanks: TerminalText {
    var text = raw
    while text.last == " " { text.removeLast() }
    return TerminalText(trusted: text)
  }

  /// Lines of at most so many cells, broken at blanks; a word that is longer stays whole.
  ///
  /// - Parameters:
  ///   - width: nil: there is no limit.
  ///   - indent: blanks before each line but the first.
  func wrapped(to width: Int?, indent: Int = 0) -> [TerminalText] {
    guard let width, cells > width else { return [self] }
    let blanks = String(raw.prefix { $0 == " " })
    var lines: [TerminalText] = []
    var line: TerminalText?
    for word in raw.dropFirst(blanks.count).split(separator: " ", omittingEmptySubsequences: false) {
      let word = TerminalText(trusted: String(word))
      guard let begun = line else {
        line = TerminalText(trusted: blanks) + word
        continue
      }
      let longer = begun + " " + word
      if longer.cells <= width {
        line = longer
      } else {
        lines.append(begun.withoutTrailingBlanks)
        line = TerminalText.blanks(indent) + word
      }
    }
    return lines + [line].compactMap(\.self)
  }

  /// Lines that end with a remark, whose last word never stands alone.
  func wrapped(to width: Int?, with remark: TerminalText) -> [TerminalText] {
    let words = remark.raw.split(separator: " ").map(String.init)
    guard let last = words.last else { return wrapped(to: width) }
    // A separator keeps the last word and the one before it together where there is room for both.
    let glue: Character = "\u{1f}"
    let before = words.count > 1 ? words[words.count - 2] : raw.split(separator: " ").last.map(String.init) ?? ""
    let fits = TerminalText(trusted: before).cells + 2 + TerminalText(trusted: last).cells <= width ?? .max
    let joint = fits ? String(repeating: glue, count: words.count > 1 ? 1 : 2) : "  in\(glue)"
    let head = words.dropLast().joined(separator: " ")
    let bound = head.isEmpty ? raw : "\(raw)  \(head)"
    return TerminalText(trusted: bound + joint + last).wrapped(to: width)
      .map { TerminalText(trusted: $0.raw.replacing(String(glue), with: " ")) }
  }
}
