import Model
import Planning
import Reports

/// A plan that a daemon made, as readable text: what its report says, and no more.
struct PlanReportText {
  let report: PlanReport
  let server: String
  let console: Console
  /// Whether it was applied.
  var isApplied = false

  func text() -> TerminalText {
    let withheld = report.withheld ?? []
    let blocks = ChangeBlock(
      console: console, nameWidth: ChangeBlock.nameWidth((report.changes + withheld).map(\.name)))
    var lines: [TerminalText] = TerminalText("daemon at \(server)").wrapped(to: console.columns) + [""]
    for change in report.changes { lines += self.lines(change, blocks) }
    for change in withheld {
      let why: TerminalText = "\(title(change)): \(change.held ?? "held back")"
      lines += blocks.lines(".", .dim, change.name, [why], [place(change)])
    }
    if let count = report.summary?["unchanged"], count > 0 { lines.append("  \(count) unchanged") }
    if lines.last?.isEmpty == false { lines.append("") }
    lines += TerminalText(summary).wrapped(to: console.columns)
    for problem in report.diagnostics where problem.severity == "error" {
      lines += ("apply would refuse: \(problem.message)" as TerminalText).wrapped(to: console.columns)
      if let hint = problem.hint {
        lines += ("      hint: \(hint)" as TerminalText).wrapped(to: console.columns, indent: 6)
      }
    }
    return lines.joined(separator: "\n")
  }

  var summary: String {
    let words = [
      "create": "to create", "update": "to update", "delete": "to delete", "release": "to give up",
      "adopt": "to adopt", "blocked": "blocked",
    ]
    let order = ["create", "update", "delete", "release", "adopt", "blocked"]
    if isApplied, !report.changes.isEmpty { return outcomes }
    let counts = order.compactMap { key in
      report.summary?[key].flatMap { $0 > 0 ? "\($0) \(words[key] ?? key)" : nil }
    }
    let held = report.withheld?.count ?? 0
    let all = counts + (held > 0 ? ["\(held) held back"] : [])
    let digest = report.digest.map { ". Plan \(Phrases.shortDigest($0))" } ?? ""
    return all.isEmpty ? "Nothing to do: NPM is as the files say." : all.joined(separator: ", ") + digest
  }

  private var outcomes: String {
    let names = ["applied", "failed", "unproven", "not_attempted"]
    let counts = names.compactMap { name -> String? in
      let count = report.changes.count { $0.outcome == name && $0.reason == nil }
      return count > 0 || name == "applied" ? "\(count) \(name.replacing("_", with: " "))" : nil
    }
    let blocked = report.changes.count { $0.reason != nil }
    let run = report.run.map { ". Run \($0)" } ?? ""
    return (counts + (blocked > 0 ? ["\(blocked) blocked"] : [])).joined(separator: ", ") + run
  }

  private func lines(_ change: ChangeReport, _ blocks: ChangeBlock) -> [TerminalText] {
    if let reason = change.reason {
      let texts = [reason.message] + [reason.hint].compactMap(\.self)
      return blocks.lines("!", .magenta, change.name, texts.map { TerminalText($0) }, [place(change)])
    }
    var texts: [TerminalText] = [TerminalText(title(change))]
    texts += change.fields.map { "\($0.path)  \(ValueText.change($0.before, $0.after))" as TerminalText }
    texts += (report.destinations ?? []).filter { $0.name == change.name }.map { TerminalText(Self.facts($0)) }
    if let error = change.error?.wrappedValue { texts.append(console.paint(TerminalText(error.message), .red)) }
    let isDrift = change.cause == "drifted" || change.cause == "both"
    let (symbol, style) = Self.sign(change.action)
    return blocks.lines(symbol, style, change.name, texts, [isDrift ? "changed in NPM" : "", place(change)])
  }

  private static func sign(_ action: Change.Kind) -> (TerminalText, ANSIStyle) {
    switch action {
    case .create: ("+", .green)
    case .update: ("~", .yellow)
    case .delete, .release: ("-", .red)
    case .adopt: ("=", .green)
    case .blocked: ("!", .magenta)
    }
  }

  private func title(_ change: ChangeReport) -> String {
    let kind = change.kind == ResourceKind.proxyHost.rawValue ? "" : " \(change.kind.replacing("_", with: " "))"
    let outcome = change.outcome.map { $0 == "applied" ? "" : ": \($0.replacing("_", with: " "))" } ?? ""
    return "\(change.action.rawValue)\(kind)\(outcome)"
  }

  private func place(_ change: ChangeReport) -> String { change.source.map { "\($0.file):\($0.line)" } ?? "" }

  static func facts(_ result: DestinationReport) -> String {
    let failed = result.steps.first { $0.status == "failed" }
    let what = failed.map { "\($0.step) failed: \($0.error ?? "")" } ?? "answers"
    return "\(result.location.map { "location \($0): " } ?? "")\(result.target) \(what)"
  }
}
