import Reports
import Model
import Reconciler

/// Prints a plan without applying it, in the requested format.
struct PlanPrinter {
  let planned: PlanResult
  let context: CommandContext
  let isPartial: Bool

  func print(_ diagnostics: [Diagnostic]) throws {
    let console = context.invocation.console
    let text = PlanText(planned: planned, settings: context.settings, console: console, isPartial: isPartial)
    switch console.format {
    case .text: try console.result(text.text())
    case .json: try console.result(report: PlanReport(planned, nil, diagnostics + planned.warnings + planned.refusals))
    case .markdown: try console.result(markdown: PlanMarkdown.text(planned, nil, summary: text.summary))
    }
  }
}
