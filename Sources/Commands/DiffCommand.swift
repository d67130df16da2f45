import Configuration
import Reports
import DesiredFiles
import Model
import Planning
import Platform
import Reconciler

/// `reconciler diff`: shows what apply would do, and writes nothing.
enum DiffCommand {
  private static let exitCode = FlagDefinition("exit-code", "End with 2 when changes are pending")
  private static let writeStatus = FlagDefinition("write-status", "Write the status files too")

  private static let accept = FlagDefinition(
    "accept", value: "NAME", "Write what was changed in NPM at this host into its YAML file, and nothing else")

  static let definition = CommandDefinition(
    name: "diff", aliases: ["plan"], summary: "Show what apply would do",
    discussion: "Writes nothing to NPM and nothing to the store. The digest it prints names the plan for apply --plan.",
    arguments: [.names], flags: [exitCode, writeStatus, accept, ServerClient.flag] + ApplyFlags.planning, run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    if let (client, context) = try ServerClient.of(invocation, unsuited: [writeStatus, accept] + ApplyFlags.planning) {
      return try await ServerCommands.diff(client, context, endsWithTwo: invocation.arguments.has(exitCode))
    }
    let context = try CommandContext(invocation)
    try context.checkOutput()
    let loaded = try context.loadDesired(exitWhenEmpty: .refused)
    let (_, planned) = try await context.plan(
      loaded.state, context.reconcileOptions(), context.stores(createsIt: false))
    if let name = invocation.arguments.value(accept) {
      try DriftAcceptance.accept(name, planned, loaded, context)
      return .success
    }
    try PlanPrinter(planned: planned, context: context, isPartial: !context.writesStatus).print(loaded.diagnostics)
    if invocation.arguments.has(writeStatus) && context.writesStatus {
      do {
        try context.writeStatus(planned, nil, to: StatusFiles(directory: context.settings.status))
      } catch let error as FileError {
        throw CommandFailure(.failure, [Diagnostic(.statusWrite, "\(error)", hint: "name a directory with --status")])
      }
    }
    guard invocation.arguments.has(exitCode) else { return .success }
    return planned.plan.isPending ? .changesPending : .success
  }
}
