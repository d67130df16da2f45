import Configuration
import Reports
import Model
import Planning
import Platform
import Reconciler
import Store

/// The output of `apply`: before, during and after its writes.
struct ApplyPrinter: Sendable {
  private let plan: PlanText
  private let remark: String?
  private let activity: ActivityLine

  private var planned: PlanResult { plan.planned }
  private var settings: Settings { plan.settings }
  private var console: Console { plan.console }
  private var showsProgress: Bool { console.format == .text && console.outFile == nil }

  /// - Parameter remark: added below the result.
  init(_ plan: PlanText, remark: String? = nil) {
    self.plan = plan
    self.remark = remark
    activity = ActivityLine(plan.console)
  }

  /// Shows the plan and asks for confirmation once. True: continue.
  func asks() throws -> Bool {
    try console.result(plan.text())
    let isYes = console.asks("Apply this?")
    if isYes { console.show("") }
    return isYes
  }

  /// Blocked and suspended changes come first: they are already known. A user who confirmed the plan has seen them.
  func begin(wasAsked: Bool) {
    guard showsProgress, !wasAsked else { return }
    for change in planned.plan.changes where change.isBlocked {
      console.show(plan.lines(change).joined(separator: "\n"))
    }
    for change in planned.plan.withheld where change.suspension != nil {
      console.show(plan.withheld(change).joined(separator: "\n"))
    }
  }

  func show(_ step: ApplyStep) {
    guard showsProgress else { return }
    switch step {
    case .begins(let change, let number, let count): activity.begin("  \(number) of \(count)  \(change.key.name)")
    case .ended(let outcome):
      activity.end()
      show(outcome)
    }
  }

  /// Answers a stop at once: a change in flight is finished first.
  func stops() {
    let name = activity.text.map { $0.withoutLeadingBlanks }
    activity.end()
    console.remark("finishing \(name ?? "what was begun"); Ctrl-C again ends it at once")
  }

  private func show(_ outcome: ChangeOutcome) {
    let symbol = symbol(outcome.change.action.kind)
    let name = console.paint(plan.name(outcome.change.key), .bold)
    var lines: [TerminalText] = ["  \(symbol) \(name)\(description(outcome))"]
    if let hint = outcome.error?.hint { lines.append(TerminalText.blanks(plan.nameWidth + 4) + TerminalText(hint)) }
    console.show(lines.joined(separator: "\n"))
  }

  private func symbol(_ kind: Change.Kind) -> TerminalText {
    switch kind {
    case .create: console.paint("+", .green)
    case .update: console.paint("~", .yellow)
    case .delete, .release: console.paint("-", .red)
    case .adopt, .blocked: "="
    }
  }

  private func description(_ outcome: ChangeOutcome) -> TerminalText {
    guard let error = outcome.error else { return TerminalText(outcome.note) }
    let source = error.location ?? outcome.change.source
    let place = [.failed, .unproven].contains(outcome.status) ? source.map { " (\($0.file):\($0.line))" } ?? "" : ""
    return console.paint(TerminalText(error.message), .red) + TerminalText(place)
  }

  func finish(_ report: ApplyResult, _ diagnostics: [Diagnostic]) throws {
    switch console.format {
    case .text:
      let isPlain = report.outcomes.isEmpty && planned.plan.isEmpty && planned.plan.hostsToRewrite.isEmpty
      try console.result(isPlain ? TerminalText(plan.summary) : (showsProgress ? "\n" : "") + finalWords(report))
    case .json: try console.result(report: PlanReport(planned, report, diagnostics + planned.warnings))
    case .markdown: try console.result(markdown: PlanMarkdown.text(planned, report, summary: summary(report)))
    }
  }

  func refused(_ diagnostics: [Diagnostic]) throws {
    switch console.format {
    case .text:
      try console.result(plan.text())
      for refusal in planned.refusals { console.error(refusal) }
    case .json: try console.result(report: PlanReport(planned, nil, diagnostics + planned.warnings + planned.refusals))
    case .markdown: try console.result(markdown: PlanMarkdown.text(planned, nil, summary: plan.summary))
    }
  }

  private func finalWords(_ report: ApplyResult) -> TerminalText {
    let tail: TerminalText = report.count(.applied) > 0 ? remark.map { "\n\($0)" } ?? "" : ""
    return TerminalText(summary(report)) + tail
  }

  private func summary(_ report: ApplyResult) -> String {
    let blocked = planned.plan.count(.blocked)
    let counts = [
      (report.count(.applied), "applied"), (report.count(.failed), "failed"),
      (report.count(.unproven), "unproven"),
      (report.count(.notAttempted), "not attempted"), (blocked, "blocked"),
    ]
    let list = counts.filter { $0.0 > 0 || $0.1 == "applied" }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    let tenths = (report.seconds * 10).rounded() / 10
    // A rollback past a create deletes the object, which only one policy allows.
    let deletes = report.outcomes.contains { $0.status == .applied && $0.change.action == .create }
    let policy = deletes && settings.policy != .sync ? " --policy sync" : ""
    // There is no way back from an adoption that changed no value, and none is needed.
    let hasChanged = report.outcomes.contains {
      $0.status == .applied && ($0.change.action != .adopt || $0.change.changesValues)
    }
    let undo =
      hasChanged ? report.run.map { "; undo with: reconciler rollback --to \($0 - 1)\(policy)" } : nil
    let run = report.run.map { ". Run \($0)\(undo ?? "")" } ?? ""
    let interrupted = report.wasInterrupted ? "Interrupted. " : ""
    return "\(interrupted)\(list) in \(tenths) s\(run)"
  }
}
