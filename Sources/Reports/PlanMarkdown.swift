package import Model
import Planning
package import Reconciler

/// A plan as a table, for the comment under a merge request.
package enum PlanMarkdown {
  package static func text(_ planned: PlanResult, _ report: ApplyResult?, summary: String) -> MarkdownText {
    var lines: [MarkdownText] = ["**reconciler**: \(summary)", ""]
    guard !planned.plan.changes.isEmpty || !planned.plan.withheld.isEmpty else { return lines.joined(separator: "\n") }
    let hasOutcome = report != nil
    lines +=
      hasOutcome ? ["| | host | change | outcome |", "|---|---|---|---|"] : ["| | host | change |", "|---|---|---|"]
    let outcomes = Dictionary(firstOf: (report?.outcomes ?? []).map { ($0.change.key, $0) })
    for change in planned.plan.changes {
      var row: MarkdownText = "| \(change.action.kind.rawValue) | \(change.key.name) | \(what(change)) |"
      if hasOutcome {
        let outcome = outcomes[change.key]
        row += " \(outcome.map { $0.error?.message ?? $0.note } ?? "not attempted") |"
      }
      lines.append(row)
    }
    for change in planned.plan.withheld {
      let tail: MarkdownText = hasOutcome ? " \(planned.plan.holdReason(change)) |" : ""
      lines.append("| held back: \(change.action.kind.rawValue) | \(change.key.name) | \(what(change)) |\(tail)")
    }
    for refusal in planned.refusals { lines += ["", "apply would refuse: \(refusal.message)"] }
    return lines.joined(separator: "\n")
  }

  /// Of a plan that a daemon made.
  package static func text(_ report: PlanReport, summary: String) -> MarkdownText {
    var lines: [MarkdownText] = ["**reconciler**: \(summary)", ""]
    let withheld = report.withheld ?? []
    guard !report.changes.isEmpty || !withheld.isEmpty else { return lines.joined(separator: "\n") }
    lines += ["| | host | change | outcome |", "|---|---|---|---|"]
    for (change, isHeld) in report.changes.map({ ($0, false) }) + withheld.map({ ($0, true) }) {
      let fields = change.fields.map { "\($0.path) \(ValueText.change($0.before, $0.after))" as MarkdownText }
      let what = change.reason.map { MarkdownText($0.message) } ?? fields.joined(separator: "<br>")
      let outcome = change.error?.wrappedValue?.message ?? change.outcome ?? ""
      lines.append(
        "| \(isHeld ? "held back: " : "")\(change.action.rawValue) | \(change.name) | \(what) | \(outcome) |")
    }
    for problem in report.diagnostics where problem.severity == "error" {
      lines += ["", "apply would refuse: \(problem.message)"]
    }
    return lines.joined(separator: "\n")
  }

  private static func what(_ change: Change) -> MarkdownText {
    if let blockReason = change.blockReason { return MarkdownText(blockReason.message) }
    if change.action == .update {
      return change.fields.map(ValueText.shown).map { "\($0.path) \($0.values)" as MarkdownText }
        .joined(separator: "<br>")
    }
    return MarkdownText(change.claims.joined(separator: ", "))
  }
}
