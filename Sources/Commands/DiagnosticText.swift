import DesiredFiles
import Model

/// Diagnostics as a compiler shows them: location, code, source line, caret, note, hint.
struct DiagnosticText {
  let texts: SourceLines
  let console: Console

  func lines(_ diagnostic: Diagnostic) -> [TerminalText] {
    let tag: TerminalText = "\(diagnostic.severity.rawValue)[\(diagnostic.code.rawValue)]"
    let painted = console.paint(tag, diagnostic.severity == .error ? .red : .yellow)
    guard let place = diagnostic.location else {
      return ["\(painted): \(diagnostic.message)"] + hint(diagnostic, indent: 0)
    }
    var lines: [TerminalText] = ["\(place.file):\(place.line):\(place.column): \(painted): \(diagnostic.message)"]
    let number = String(place.line)
    let indent = max(5, number.count + 2)
    if let source = texts.line(place.line, of: place.file) {
      let excerpt = SourceExcerpt(source, column: place.column, length: place.length)
      lines.append(TerminalText.blanks(indent - number.count) + "\(number) | \(excerpt.text)")
      lines.append(
        TerminalText.blanks(indent) + " | " + TerminalText.blanks(excerpt.column - 1)
          + console.paint(TerminalText(String(repeating: "^", count: excerpt.length)), .red))
    }
    if let note = diagnostic.note {
      let at = "\(note.location.file):\(note.location.line):\(note.location.column)"
      lines.append(TerminalText.blanks(indent + 1) + "note: \(note.message) at \(at)")
    }
    return lines + hint(diagnostic, indent: indent)
  }

  private func hint(_ diagnostic: Diagnostic, indent: Int) -> [TerminalText] {
    diagnostic.hint.map { [TerminalText.blanks(max(6, indent + 1)) + "hint: \($0)"] } ?? []
  }
}

/// The part of a source line around a location, each character in one column.
struct SourceExcerpt {
  let text: String
  /// From 1, in `text`.
  let column: Int
  let length: Int

  /// Columns shown of a long line, and before the location.
  private static let width = 160
  private static let lead = 60

  init(_ line: String, column: Int, length: Int) {
    let scalars = line.unicodeScalars.map { $0 == "\t" ? " " : UnsafeScalar.isUnsafe($0) ? "." : $0 }
    let start = scalars.count > Self.width ? max(0, min(column - 1 - Self.lead, scalars.count - Self.width)) : 0
    let shown = scalars[min(start, scalars.count)...].prefix(Self.width)
    let before = start > 0 ? "..." : ""
    let after = start + shown.count < scalars.count ? "..." : ""
    text = before + String(String.UnicodeScalarView(shown)) + after
    self.column = max(1, column - start + before.count)
    self.length = min(max(1, length), max(1, shown.count - (column - start) + 1))
  }
}
