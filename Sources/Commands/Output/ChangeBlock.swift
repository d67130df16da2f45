import Model

/// What is to be said of one change, beside its name: texts, each on a line, and remarks beside them, each once.
struct ChangeBlock {
  let console: Console
  /// Columns for names.
  let nameWidth: Int

  /// Computed once: a plan may have ten thousand lines.
  static func nameWidth(_ names: some Sequence<String>) -> Int {
    min(28, max(10, names.map { TerminalText($0).cells }.max() ?? 0)) + 2
  }

  func lines(
    _ symbol: TerminalText, _ style: ANSIStyle, _ named: String, _ texts: [TerminalText], _ remarks: [String]
  ) -> [TerminalText] {
    let sign: TerminalText = "  \(console.paint(symbol, style)) "
    let lead = nameWidth + 4
    if let columns = console.columns, columns - lead < Self.narrowest {
      let below = Self.beside(texts, remarks, width: columns - 6)
      return [sign + console.paint(TerminalText(named), .bold)] + below.map { TerminalText.blanks(6) + $0 }
    }
    let name = console.paint(self.name(named), .bold)
    let lines = Self.beside(texts, remarks, width: console.columns.map { $0 - lead }) { console.paint($0, .dim) }
    return [sign + name + (lines.first ?? "")] + lines.dropFirst().map { TerminalText.blanks(lead) + $0 }
  }

  /// In its column; a longer one keeps its distance from what follows.
  func name(_ text: String) -> TerminalText {
    let name = TerminalText(text)
    return name.cells + 2 > nameWidth ? name + "  " : name.padded(to: nameWidth)
  }

  /// Puts each remark beside the first text that leaves it room; those that are left, behind the last.
  private static func beside(
    _ texts: [TerminalText], _ remarks: [String], width: Int?, paint: (TerminalText) -> TerminalText = { $0 }
  ) -> [TerminalText] {
    var waiting = remarks.filter { !$0.isEmpty }
    var lines: [TerminalText] = []
    for (index, text) in texts.enumerated() {
      let isLast = index == texts.count - 1
      let count = isLast ? waiting.count : min(1, waiting.count)
      let remark = TerminalText(waiting.prefix(count).joined(separator: ", "))
      let line = [remarkColumn, 0].map { text.padded(to: $0) + "  " + paint(remark) }.first {
        $0.cells <= width ?? .max
      }
      if remark.isEmpty || (line == nil && !isLast) {
        lines += text.wrapped(to: width)
      } else {
        lines += line.map { [$0] } ?? text.wrapped(to: width, with: remark)
        waiting.removeFirst(count)
      }
    }
    return lines
  }

  /// Where remarks begin, in cells behind the names.
  private static let remarkColumn = 46
  /// Cells behind the names below which texts stand below them.
  private static let narrowest = 28
}
