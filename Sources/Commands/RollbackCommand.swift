import Configuration
import Model
import Platform
import Reconciler
import Reports
import Store

/// `reconciler rollback`: a plan that restores the state after an earlier run.
enum RollbackCommand {
  private static let to = FlagDefinition(
    "to", value: "RUN", "The run whose result is to come back; default: the one before the last that changed something")
  private static let list = FlagDefinition("list", "Show the runs that can be gone back to")

  static let definition = CommandDefinition(
    name: "rollback", summary: "Go back to what an earlier run left",
    discussion: """
      Makes a plan from what the store remembers of the runs since, and applies it under the same policy, limits and
      proofs as any other. The desired files stay as they are: revert them too, or the next apply undoes the rollback.
      """,
    flags: [to, list] + ApplyFlags.executing + ApplyFlags.planning, run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let context = try CommandContext(invocation)
    if invocation.arguments.has(list) { return try await show(context) }
    return try await ApplyFlow(context).run {
      let stores = try context.stores(createsIt: false)
      let target = try await target(invocation.arguments.integer(to), stores)
      var settings = try context.reconcileOptions()
      settings.purpose = .rollBack(target)
      settings.selection = ResourceSelection()
      let remark =
        "\(context.settings.desired)/ still says otherwise: revert it too, or the next apply undoes this rollback."
      return (ApplyFlow.Request(desired: target.desired, writesStatus: false, remark: remark), settings)
    }
  }

  private static func target(_ wanted: Int?, _ stores: StoreSet) async throws -> RollbackTarget {
    do {
      return try await RollbackTarget.find(wanted, stores)
    } catch let unknown as RollbackTarget.Unknown {
      throw CommandFailure(.invalid, [unknown.diagnostic])
    }
  }

  private static func show(_ context: CommandContext) async throws -> ExitCode {
    let runs = try await context.stores(createsIt: false).runs.runs(limit: 50)
    if context.invocation.console.format == .json {
      try context.invocation.console.result(report: RunListReport(runs))
    } else {
      let lines = runs.map { run -> TerminalText in
        let end = run.finishedAt == nil ? "killed in the middle" : "\(run.applied) applied, \(run.failed) failed"
        return
          "\(TerminalText(String(run.number)).padded(to: 5))  \(run.startedAt.iso8601)  \(end)\(run.commit.map { ", commit \($0.prefix(10))" } ?? "")"
      }
      try context.invocation.console.result(lines.isEmpty ? "No runs." : lines.joined(separator: "\n"))
    }
    return .success
  }
}
