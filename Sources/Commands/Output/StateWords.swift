import Model
import Reports

/// The words for how an object stands, the same in `status`, `list`, `show` and `explain`.
enum StateWords {
  struct Word: Sendable {
    var text: String
    /// nil: no colour.
    var style: ANSIStyle?
    var meaning: String
  }

  static let all: [ObjectReport.Sync: Word] = [
    .inSync: Word(text: "in sync", style: .green, meaning: "NPM has it as the files say, and it is ours."),
    .drifted: Word(
      text: "drifted", style: .yellow,
      meaning:
        "It was changed in NPM since the last apply. apply puts it back, diff --accept NAME takes it into the files."),
    .pending: Word(
      text: "pending", style: .yellow, meaning: "The files say something that is not applied yet: reconciler apply."),
    .blocked: Word(
      text: "blocked", style: .red,
      meaning:
        "It cannot be applied; the reason stands beside it. Nothing else waits for it, but for what refers to it."),
    .heldBack: Word(
      text: "held back", style: .yellow,
      meaning: "The policy, a suspension or a maintenance window keeps a change from being applied now."),
    .adoptable: Word(
      text: "adoptable", style: nil,
      meaning: "NPM has it as the files say, and it has no owner: reconciler adopt NAME takes it over."),
    .none: Word(
      text: "unmanaged", style: nil,
      meaning: "NPM has it, and the files do not: it is never touched. reconciler export writes it as YAML."),
  ]

  static func of(_ report: ObjectReport, _ console: Console) -> TerminalText {
    let word = all[report.sync]
    if report.sync == .none, let owner = report.owner { return "of \(owner)" }
    return paint(word, console)
  }

  static func of(_ state: ObjectReport.Sync, _ console: Console) -> TerminalText { paint(all[state], console) }

  private static func paint(_ word: Word?, _ console: Console) -> TerminalText {
    let text = TerminalText(word?.text ?? "")
    return word?.style.map { console.paint(text, $0) } ?? text
  }

  /// For `explain`, by the word itself or with underscores.
  static func meaning(of word: String) -> String? {
    all.values.first { $0.text == word.replacing("_", with: " ").lowercased() }?.meaning
  }
}
