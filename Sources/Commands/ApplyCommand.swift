import Model
import Configuration
import DesiredFiles
import Reconciler

/// `reconciler apply`: brings NPM to the state in the YAML.
enum ApplyCommand {
  static let definition = CommandDefinition(
    name: "apply", aliases: ["sync"], summary: "Bring NPM to what the desired files say",
    discussion: """
      Makes the same plan as diff, checks it against the limits, then writes one change at a time and proves each:
      the host is read back until NPM says that nginx accepted it. Ctrl-C finishes the change in flight.
      """,
    arguments: [.names], flags: ApplyFlags.executing + [ServerClient.flag] + ApplyFlags.planning, run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    if let (client, context) = try ServerClient.of(
      invocation, unsuited: [ApplyFlags.lockTimeout] + ApplyFlags.planning)
    {
      return try await ServerCommands.apply(client, context)
    }
    let context = try CommandContext(invocation)
    return try await ApplyFlow(context).run {
      let loaded = try context.loadDesired(exitWhenEmpty: .refused)
      let request = ApplyFlow.Request(
        desired: loaded.state, diagnostics: loaded.diagnostics, writesStatus: context.writesStatus)
      var options = try context.reconcileOptions()
      // Only where the files are as they were committed.
      options.commit = await GitHistory.current(of: context.settings.desired)
      return (request, options)
    }
  }
}
