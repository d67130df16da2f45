import DesiredFiles
import Model

/// Diagnostics as a compiler shows them: place, code, source line, caret, note, hint.
struct DiagnosticText {
  let texts: SourceTexts
  let console: Console

  func lines(_ diagnostic: Diagnostic) -> [String] {
    let tag = "\(diagnostic.severity.rawValue)[\(diagnostic.code.rawValue)]"
    let painted = console.paint(tag, diagnostic.severity == .error ? .red : .yellow)
    guard let place = diagnostic.location else {
      return ["\(painted): \(diagnostic.message)"] + hint(diagnostic, indent: 0)
    }
    var lines = ["\(place.file):\(place.line):\(place.column): \(painted): \(diagnostic.message)"]
    let number = String(place.line)
    let indent = max(5, number.count + 2)
    if let source = texts.line(place.line, of: place.file) {
      lines.append(String(repeating: " ", count: indent - number.count) + "\(number) | \(printable(source))")
      lines.append(String(repeating: " ", count: indent) + " | " + caret(place, under: source))
    }
    if let note = diagnostic.note {
      let at = "\(note.location.file):\(note.location.line):\(note.location.column)"
      lines.append(String(repeating: " ", count: indent + 1) + "note: \(note.message) at \(at)")
    }
    return lines + hint(diagnostic, indent: indent)
  }

  private func hint(_ diagnostic: Diagnostic, indent: Int) -> [String] {
    diagnostic.hint.map { [String(repeating: " ", count: max(6, indent + 1)) + "hint: \($0)"] } ?? []
  }

  /// Tabs as one space, so that the caret stands right; control characters as dots.
  private func printable(_ line: String) -> String {
    String(String.UnicodeScalarView(line.unicodeScalars.map { $0 == "\t" ? " " : $0.value < 32 ? "." : $0 }))
  }

  private func caret(_ place: SourceLocation, under source: String) -> String {
    let room = max(1, source.unicodeScalars.count - place.column + 1)
    return String(repeating: " ", count: place.column - 1)
      + console.paint(
        String(repeating: "^", count: min(max(1, place.length), room)), .red)
  }
}
