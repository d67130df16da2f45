import Model

/// Rows of short columns and a last one of any length, for a terminal of any width.
///
/// The last column is broken at blanks and keeps its indentation. Where it would be too narrow it stands on lines of its
/// own below. A column that is too long pushes the others to the right; a last one for which it leaves no room stands below.
struct TextTable {
  struct Row {
    var columns: [TerminalText]
    /// What stands below it, each on lines of its own.
    var notes: [TerminalText] = []

    init(_ columns: [TerminalText], notes: [TerminalText] = []) {
      self.columns = columns
      self.notes = notes
    }
  }

  /// Cells of the terminal; nil: there is no limit.
  let width: Int?
  var rows: [Row] = []
  private let indent = 2
  private let gap = 2
  /// The last column is not narrower.
  private static let narrowest = 28
  /// Cells of one column at most: one long name does not push away what belongs to the others.
  private let widest: Int

  init(width: Int?, widest: Int? = nil, rows: [Row] = []) {
    self.width = width
    self.widest = widest ?? width.map { min(40, max(14, $0 / 3)) } ?? 40
    self.rows = rows
  }

  var lines: [TerminalText] {
    let count = rows.map(\.columns.count).max() ?? 0
    let widths = (0..<max(0, count - 1)).map { column in
      min(widest, rows.map { $0.columns.count > column ? $0.columns[column].cells : 0 }.max() ?? 0)
    }
    let lead = indent + widths.reduce(0) { $0 + $1 + gap }
    let rest = width.map { $0 - lead }
    return rows.flatMap { row -> [TerminalText] in
      let short = row.columns.prefix(max(0, count - 1))
      let last = row.columns.count == count ? row.columns.last : nil
      let head = zip(short, widths).reduce(TerminalText.blanks(indent)) { line, column in
        line + column.0.padded(to: column.1) + TerminalText.blanks(gap)
      }
      let texts = [last].compactMap(\.self).filter { !$0.isEmpty } + row.notes
      if let rest, rest < Self.narrowest, texts.contains(where: { $0.cells > rest }) {
        return [head.withoutTrailingBlanks] + texts.flatMap { Self.hanging($0, at: indent + 2, width: width) }
      }
      let below = texts.flatMap { $0.wrapped(to: rest) }
      guard let first = below.first, last?.isEmpty == false else {
        return [head.withoutTrailingBlanks] + below.map { TerminalText.blanks(lead) + $0 }
      }
      if let width, head.cells > lead, head.cells + first.cells > width {
        return [head.withoutTrailingBlanks] + below.map { TerminalText.blanks(lead) + $0 }
      }
      return [head + first] + below.dropFirst().map { TerminalText.blanks(lead) + $0 }
    }
  }

  private static func hanging(_ text: TerminalText, at indent: Int, width: Int?) -> [TerminalText] {
    text.wrapped(to: width.map { max(1, $0 - indent) }).map { TerminalText.blanks(indent) + $0 }
  }
}
