import Configuration
import DesiredFiles
import Model

/// `reconciler explain`: the manual's words on a code, a field, a setting or a command.
enum ExplainCommand {
  static let definition = CommandDefinition(
    name: "explain", summary: "Explain an error code, a field of the desired files, a setting or a command",
    discussion:
      "For example: explain duplicate-domain, explain ssl_forced, explain proxy_hosts.forward, explain npm.url.",
    arguments: [ArgumentDefinition(name: "CODE|FIELD|SETTING|COMMAND", summary: "What to explain")], run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let word = invocation.arguments.positional[0]
    let texts = Manual.pages(on: word, columns: invocation.console.columns)
    guard !texts.isEmpty else {
      let hint = Suggestion.nearest(to: word, among: Manual.words).map { "did you mean '\($0)'?" }
      throw UsageError(message: "the manual has no '\(word)'", hint: hint ?? "see 'reconciler --help'")
    }
    let lines = texts.map { page in
      page.split(separator: "\n", omittingEmptySubsequences: false)
        .flatMap { TerminalText($0).wrapped(to: invocation.console.columns, indent: $0.prefix { $0 == " " }.count) }
        .joined(separator: "\n")
    }
    try invocation.console.result(lines.joined(separator: "\n\n"))
    return .success
  }
}

/// What `explain` knows. Everything comes from the declarations that the program itself works by.
enum Manual {
  /// Everything that is known by this name.
  ///
  /// - Parameter columns: for tables, which cannot be broken later; nil: there is no limit.
  static func pages(on word: String, columns: Int?) -> [String] {
    let state = StateWords.meaning(of: word).map { ["\(word)  (state of an object)\n\n\($0)"] } ?? []
    return state + code(word) + fields(word) + settings(word) + commands(word, columns)
  }

  static var words: [String] {
    StateWords.all.values.map(\.text) + DiagnosticCode.allCases.map(\.rawValue) + SettingCatalog.all.map(\.path)
      + Program.commands.map(\.name)
      + ResourceSchema.all.flatMap { [$0.section] + $0.writtenFields.map(\.name) }
  }

  private static func code(_ word: String) -> [String] {
    guard let code = DiagnosticCode(rawValue: word), let entry = ErrorManual.entry(code) else { return [] }
    return ["\(word)\n\n\(Self.flowing(entry.text))"]
  }

  /// Each paragraph on one line.
  private static func flowing(_ text: String) -> String {
    text.split(separator: "\n\n").map { $0.replacing("\n", with: " ") }.joined(separator: "\n\n").replacing(
      "`", with: "")
  }

  private static func fields(_ word: String) -> [String] {
    let parts = word.split(separator: ".", maxSplits: 1).map(String.init)
    var found: [(meaning: String, sections: [String])] = []
    for schema in ResourceSchema.all {
      if parts == [schema.section] {
        return [section(schema)]
      }
      guard parts.count == 1 || parts[0] == schema.section else { continue }
      for text in entries(schema, parts.last ?? word) {
        if let index = found.firstIndex(where: { $0.meaning == text }) {
          found[index].sections.append(schema.section)
        } else {
          found.append((text, [schema.section]))
        }
      }
    }
    return found.map { found in
      guard word == Presets.field else { return found }
      return (found.meaning + " There are \(Presets.names.joined(separator: ", ")).", found.sections)
    }.map { "\(parts.last ?? word)  (\($0.sections.joined(separator: ", ")))\n\n\($0.meaning)" }
  }

  private static func section(_ schema: ResourceSchema) -> String {
    let names = schema.shorthands.map(\.name) + schema.writtenFields.map(\.name)
    return "\(schema.section)\n\nFields: \(names.joined(separator: ", ")).\n\n"
      + "'reconciler explain \(schema.section).FIELD' explains one; 'reconciler schema' is for editors."
  }

  private static func entries(_ schema: ResourceSchema, _ name: String) -> [String] {
    let short = schema.shorthands.filter { $0.name == name }.map(\.summary)
    let own = schema.writtenFields.filter { $0.name == name }.map(text)
    let members = schema.writtenFields.flatMap { field -> [String] in
      let (inner, sort): ([FieldSchema], String) =
        switch field.type {
        case .list(let members, _, _): (members, "entry")
        case .object(let members): (members, "member")
        default: ([], "")
        }
      return inner.filter { $0.name == name }.map { "A \(sort) of \(field.name): \(text($0))" }
    }
    return short + own + members
  }

  private static func text(_ field: FieldSchema) -> String {
    let standard = field.defaultValue.map { $0.summary.isEmpty ? "Default: none." : "Default: \($0.summary)." }
    let since = field.since.map { " NPM \($0) or later." } ?? ""
    return "\(field.summary.replacing("`", with: ""))\(since) \(standard ?? "Required.")"
  }

  private static func settings(_ word: String) -> [String] {
    let exact = SettingCatalog.all.filter { $0.path == word }
    let found = exact.isEmpty ? SettingCatalog.all.filter { $0.section == word } : exact
    return found.map { setting in
      let standard = setting.defaultValue == "" ? "" : setting.defaultValue.summary
      let variable = setting.variable.map { " Variable: \($0)." } ?? ""
      return
        "\(setting.path)  (reconciler.yaml)\n\n\(setting.meaning) Default: \(standard.isEmpty ? "none" : standard).\(variable)"
    }
  }

  private static func commands(_ word: String, _ columns: Int?) -> [String] {
    Program.find(word).map { ["\(HelpText.of($0, columns: columns))"] } ?? []
  }
}
