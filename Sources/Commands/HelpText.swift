import Model

/// Help, generated from the declarations.
enum HelpText {
  /// Where the output is no terminal: wide enough that most rows stay in one piece, for whoever searches in them.
  private static let standardColumns = 120

  static func overview(columns: Int?) -> TerminalText {
    let columns = columns ?? standardColumns
    let commands = Program.commands.map { (([$0.name] + $0.aliases).joined(separator: ", "), $0.summary) }
    return joined([
      paragraph("reconciler keeps Nginx Proxy Manager as your YAML says.", columns),
      ["usage: reconciler COMMAND [FLAGS]"],
      table(commands, columns),
      paragraph(
        """
        Begin with 'reconciler init'; 'reconciler doctor' says what is missing. 'reconciler COMMAND --help' shows a command's flags. \
        NPM_URL, NPM_IDENTITY and NPM_SECRET are NPM's address and your account.
        """,
        columns),
    ])
  }

  /// - Parameters:
  ///   - isLong: with what the common flags mean.
  ///   - columns: cells in a line; nil: no terminal.
  static func of(_ command: CommandDefinition, isLong: Bool = false, columns: Int?) -> TerminalText {
    let columns = columns ?? standardColumns
    let words = ["reconciler", command.name] + command.arguments.map(\.usage) + ["[FLAGS]"]
    var usage = paragraph("usage: \(words.joined(separator: " "))", columns, indent: 7)
    if !command.aliases.isEmpty {
      usage += paragraph("also:  \(command.aliases.joined(separator: ", "))", columns, indent: 7)
    }
    var sections = [paragraph(command.summary, columns), usage]
    if !command.discussion.isEmpty { sections.append(paragraph(command.discussion, columns)) }
    if !command.arguments.isEmpty {
      sections.append(["arguments:"] + table(command.arguments.map { ($0.name, $0.summary) }, columns))
    }
    if !command.flags.isEmpty { sections.append(["flags:"] + table(command.flags.map(row), columns)) }
    sections += common(beside: command, isLong: isLong, columns)
    let examples = CommandExamples.all[command.name] ?? []
    sections.append(["examples:"] + table(examples.map { ("reconciler \($0.line)", $0.meaning) }, columns))
    return joined(sections)
  }

  private static func common(beside command: CommandDefinition, isLong: Bool, _ columns: Int) -> [[TerminalText]] {
    let flags = CommonFlags.all.filter { flag in !command.flags.contains { $0.name == flag.name } }
    guard isLong else {
      let names = flags.map { "--\($0.name)" }.joined(separator: " ")
      return [["common flags, explained by --help-all:"] + paragraph("  \(names)", min(80, columns), indent: 2)]
    }
    let remark = "Each flag can stand in the environment: --max-deletes as RECONCILER_MAX_DELETES."
    return [["common flags:"] + table(flags.map(row), columns), paragraph(remark, columns)]
  }

  static func row(_ flag: FlagDefinition) -> (String, String) {
    let short = flag.short.map { "-\($0), " } ?? ""
    return (short + "--\(flag.name)" + (flag.placeholder.map { " \($0)" } ?? ""), flag.meaning)
  }

  private static func table(_ rows: [(String, String)], _ columns: Int) -> [TerminalText] {
    let rows = rows.map { TextTable.Row([TerminalText($0), TerminalText($1)]) }
    return TextTable(width: columns, widest: min(34, columns * 2 / 5), rows: rows).lines
  }

  private static func paragraph(_ text: String, _ columns: Int, indent: Int = 0) -> [TerminalText] {
    TerminalText(text.replacing("\n", with: " ")).wrapped(to: columns, indent: indent)
  }

  /// With an empty line between sections.
  private static func joined(_ sections: [[TerminalText]]) -> TerminalText {
    sections.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
  }
}
