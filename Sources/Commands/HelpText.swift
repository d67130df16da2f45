import Model

/// Help, generated from the declarations.
enum HelpText {
  static func overview() -> String {
    var lines = [
      "reconciler keeps Nginx Proxy Manager as your YAML says.", "", "usage: reconciler COMMAND [FLAGS]", "",
    ]
    lines += table(Program.commands.map { (([$0.name] + $0.aliases).joined(separator: ", "), $0.summary) })
    lines += [
      "",
      "'reconciler COMMAND --help' shows its flags. NPM_URL, NPM_IDENTITY and NPM_SECRET are NPM's address and your account.",
      "",
    ]
    return lines.joined(separator: "\n")
  }

  /// - Parameter isLong: with what the common flags mean.
  static func of(_ command: CommandDefinition, isLong: Bool = false) -> String {
    let words = command.arguments.map(\.usage)
    var lines = [
      command.summary, "", "usage: " + (["reconciler", command.name] + words + ["[FLAGS]"]).joined(separator: " "),
    ]
    if !command.aliases.isEmpty { lines.append("also:  \(command.aliases.joined(separator: ", "))") }
    if !command.discussion.isEmpty { lines += ["", command.discussion] }
    if !command.arguments.isEmpty {
      lines += ["", "arguments:"] + table(command.arguments.map { ($0.name, $0.summary) })
    }
    if !command.flags.isEmpty { lines += ["", "flags:"] + table(command.flags.map(row)) }
    let common = CommonFlags.all.filter { flag in !command.flags.contains { $0.name == flag.name } }
    if isLong {
      lines += ["", "common flags:"] + table(common.map(row))
      lines += ["", "Each flag can stand in the environment: --max-deletes as RECONCILER_MAX_DELETES."]
    } else {
      let names = common.map { "--\($0.name)" }.joined(separator: " ")
      lines += ["", "common flags, explained by --help-all:"]
      lines += ("  \(names)" as TerminalText).wrapped(to: 80, indent: 2).map(\.raw)
    }
    let examples = CommandExamples.all[command.name] ?? []
    lines += ["", "examples:"] + table(examples.map { ("reconciler \($0.line)", $0.meaning) }) + [""]
    return lines.joined(separator: "\n")
  }

  static func row(_ flag: FlagDefinition) -> (String, String) {
    let short = flag.short.map { "-\($0), " } ?? ""
    return (short + "--\(flag.name)" + (flag.placeholder.map { " \($0)" } ?? ""), flag.summary)
  }

  private static func table(_ rows: [(String, String)]) -> [String] {
    let width = min(34, rows.map(\.0.count).max() ?? 0)
    return rows.map { left, right in
      left.count > width
        ? "  \(left)\n  \(String(repeating: " ", count: width))  \(right)" : "  \(left.padded(to: width))  \(right)"
    }
  }
}

extension String {
  /// Padded with spaces on the right.
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
