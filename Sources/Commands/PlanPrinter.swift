import Model
import Reconciler

/// Prints a plan that is only looked at, in the format that was asked for.
struct PlanPrinter {
  let lap: PlanResult
  let context: CommandContext
  let isPartial: Bool

  func print(_ diagnostics: [Diagnostic]) throws {
    let console = context.invocation.console
    let text = PlanText(lap: lap, settings: context.settings, console: console, isPartial: isPartial)
    switch console.format {
    case .text: try console.result(text.text())
    case .json: try console.result(json: PlanJSON.lap(lap, nil, diagnostics + lap.warnings + lap.refusals))
    case .markdown: try console.result(markdown: PlanMarkdown.text(lap, nil, summary: text.summary))
    }
  }
}
