import Model
import Planning
import Reconciler

/// A plan as a table, for the comment under a merge request.
enum PlanMarkdown {
  static func text(_ lap: PlannedLap, _ report: RunReport?, summary: String) -> String {
    var lines = ["**reconciler**: \(summary)", ""]
    guard !lap.plan.changes.isEmpty || !lap.plan.withheld.isEmpty else { return lines.joined(separator: "\n") }
    let hasOutcome = report != nil
    lines +=
      hasOutcome ? ["| | host | change | outcome |", "|---|---|---|---|"] : ["| | host | change |", "|---|---|---|"]
    let outcomes = Dictionary((report?.outcomes ?? []).map { ($0.change.key, $0) }) { first, _ in first }
    for change in lap.plan.changes {
      var row = "| \(change.action.word) | \(change.key.name) | \(cell(what(change))) |"
      if hasOutcome {
        let outcome = outcomes[change.key]
        row += " \(cell(outcome.map { $0.error?.message ?? $0.note } ?? "not attempted")) |"
      }
      lines.append(row)
    }
    for change in lap.plan.withheld {
      let tail = hasOutcome ? " held back by the policy |" : ""
      lines.append("| held back: \(change.action.word) | \(change.key.name) | \(cell(what(change))) |\(tail)")
    }
    for refusal in lap.refusals { lines += ["", "apply would refuse: \(refusal.message)"] }
    return lines.joined(separator: "\n")
  }

  private static func what(_ change: Change) -> String {
    if let obstacle = change.obstacle { return obstacle.message }
    if change.action == .update {
      return change.fields.map { "`\($0.path)` \($0.before.summary) -> \($0.after.summary)" }.joined(separator: "<br>")
    }
    return change.claims.joined(separator: ", ")
  }

  private static func cell(_ text: String) -> String {
    text.replacing("|", with: "\\|").replacing("\n", with: " ")
  }
}
