import Configuration
import DesiredFiles
import FoundationEssentials
import Model
import Platform
import Reports

/// What commands do with `--server`: the daemon works, the command asks and shows.
enum ServerCommands {
  // MARK: Plans

  /// - Parameter endsWithTwo: where changes are pending.
  static func diff(_ client: ServerClient, _ context: CommandContext, endsWithTwo: Bool) async throws -> ExitCode {
    let workflow = try await client.run("diff", ServerClient.selection(context))
    guard let report = try report(workflow, as: PlanReport.self) else { return try failed(workflow, context) }
    try show(report, context, isApplied: false)
    return endsWithTwo && workflow.exit == .changesPending ? .changesPending : .success
  }

  static func apply(_ client: ServerClient, _ context: CommandContext) async throws -> ExitCode {
    let console = context.invocation.console
    let stop = ShutdownSignal()
    stop.listenToSignals()
    var parameters = try ServerClient.selection(context)
    if let wanted = context.invocation.arguments.value(ApplyFlags.plan) {
      parameters["plan"] = .string(try PlanFile(wanted).reviewed())
    }
    if !context.invocation.arguments.has(ApplyFlags.yes) {
      guard Terminal.isTerminal(Terminal.input), console.format == .text else {
        throw UsageError(message: "there is no terminal to ask for confirmation", hint: "add --yes")
      }
      let planned = try await client.run("diff", ServerClient.selection(context))
      guard let report = try report(planned, as: PlanReport.self) else { return try failed(planned, context) }
      try show(report, context, isApplied: false)
      guard !report.changes.isEmpty else { return .success }
      guard console.asks("Apply this?") else { return .failure }
      // Exactly what was shown.
      parameters["plan"] = parameters["plan"] ?? report.digest.map { .string($0) }
    }
    stop.deferExit()
    let activity = ActivityLine(console)
    let workflow = try await client.run("apply", parameters, stop: stop) { far in
      activity.begin("  \(far.done + 1) of \(far.total)  \(far.message)")
    }
    activity.end()
    guard let report = try report(workflow, as: PlanReport.self) else { return try failed(workflow, context) }
    try show(report, context, isApplied: workflow.exit != .refused || report.run != nil)
    return workflow.exit
  }

  private static func show(_ report: PlanReport, _ context: CommandContext, isApplied: Bool) throws {
    let console = context.invocation.console
    let text = PlanReportText(
      report: report, server: context.settings.server?.title ?? "", console: console, isApplied: isApplied)
    switch console.format {
    case .json: try console.result(report: report)
    case .text: try console.result(text.text())
    case .markdown: try console.result(markdown: PlanMarkdown.text(report, summary: text.summary))
    }
  }

  /// nil: it has none.
  private static func report<Report: Decodable>(
    _ workflow: ServerClient.Workflow, as type: Report.Type
  ) throws -> Report? {
    guard let result = workflow.result else { return nil }
    return try JSONDecoder().decode(Report.self, from: JSONEncoder().encode(result))
  }

  private static func failed(_ workflow: ServerClient.Workflow, _ context: CommandContext) throws -> ExitCode {
    let diagnostic = workflow.diagnostic ?? Diagnostic(.interrupted, "the daemon did not end it: \(workflow.state)")
    throw CommandFailure(workflow.exit == .success ? .failure : workflow.exit, [diagnostic])
  }

  // MARK: Others

  static func validate(_ client: ServerClient, _ context: CommandContext) async throws -> ExitCode {
    let console = context.invocation.console
    let workflow = try await client.run("validate", ServerClient.selection(context)) {
      console.info("checked \($0.done) of \($0.total)")
    }
    guard let report = try report(workflow, as: ValidationReport.self) else { return try failed(workflow, context) }
    if console.format == .json {
      try console.result(report: report)
      return workflow.exit
    }
    var lines: [TerminalText] = report.diagnostics.flatMap { problem -> [TerminalText] in
      let place = problem.file.map { "\($0):\(problem.line ?? 1):\(problem.column ?? 1): " } ?? ""
      let tag = console.paint("\(problem.severity)[\(problem.code)]", problem.severity == "error" ? .red : .yellow)
      let hint = problem.hint.map { ["      hint: \($0)" as TerminalText] } ?? []
      return [TerminalText(place) + tag + TerminalText(": \(problem.message)")] + hint
    }
    for result in report.destinations {
      let word = result.ok ? console.paint("ok    ", .green) : console.paint("failed", .red)
      lines.append("  \(word)  \(TerminalText(result.name).padded(to: 20))  \(PlanReportText.facts(result))")
    }
    let errors = report.diagnostics.count { $0.severity == "error" }
    let failed = report.destinations.count { !$0.ok }
    let found = errors == 0 ? "No errors" : Phrases.count(errors, "error")
    let asked = failed == 0 ? "all destinations answer" : "\(Phrases.count(failed, "destination")) failed"
    lines += ["", TerminalText(report.destinations.isEmpty ? "\(found)." : "\(found); \(asked).")]
    try console.result(lines.joined(separator: "\n"))
    return workflow.exit
  }

  static func status(_ client: ServerClient) async throws -> StatusDocument {
    struct Whole: Decodable {
      var drift: [DriftReport.Entry]?
      var health: HealthReport?
    }
    let status = try await client.get("/status?full=true", as: StatusReport.self)
    let whole = try await client.get("/status?full=true", as: Whole.self)
    return StatusDocument(
      status: status, drift: whole.drift.map { DriftReport($0, at: status.daemon?.writtenAt.timestamp ?? .now) },
      health: whole.health)
  }
}
