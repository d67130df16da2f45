import DesiredFiles
import Model
import Planning
import Platform
import Reconciler

/// `reconciler diff`: shows what apply would do, and writes nothing.
enum DiffCommand {
  private static let exitCode = FlagDefinition("exit-code", "End with 2 when changes are pending")
  private static let writeStatus = FlagDefinition("write-status", "Write the status files too")

  static let definition = CommandDefinition(
    name: "diff", aliases: ["plan"], summary: "Show what apply would do",
    discussion: "Writes nothing to NPM and nothing to the store. The digest it prints names the plan for apply --plan.",
    flags: [exitCode, writeStatus] + ApplyFlags.planning, run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let bench = try Workbench(invocation)
    let loaded = try bench.loadDesired(exitWhenEmpty: .refused)
    let run = try bench.run(bench.store(createsIt: false))
    let lap = try await run.plan(loaded.state, progress: bench.progress("checking destinations"))
    for warning in lap.warnings { invocation.console.warn(warning) }
    try print(lap, loaded.diagnostics, bench)
    if invocation.arguments.has(writeStatus) {
      try StatusFiles(directory: bench.settings.status, settings: bench.lapSettings()).write(lap, nil, at: .now)
    }
    guard invocation.arguments.has(exitCode) else { return .success }
    return lap.plan.isEmpty ? .success : .changesPending
  }

  private static func print(_ lap: PlannedLap, _ diagnostics: [Diagnostic], _ bench: Workbench) throws {
    let console = bench.invocation.console
    let text = PlanText(lap: lap, settings: bench.settings, console: console)
    switch console.format {
    case .text: try console.result(text.text())
    case .json: try console.result(json: PlanJSON.lap(lap, nil, diagnostics + lap.warnings + lap.refusals))
    case .markdown: try console.result(PlanMarkdown.text(lap, nil, summary: text.summary))
    }
  }
}
