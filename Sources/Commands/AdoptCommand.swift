import Configuration
import DesiredFiles
import Model
import Planning
import Reconciler

/// `reconciler adopt`: takes over manually created hosts.
enum AdoptCommand {
  private static let all = FlagDefinition("all", "Every host of the YAML that has no owner in NPM yet")
  private static let dryRun = FlagDefinition("dry-run", "Show what would be taken over, and write nothing")
  private static let acceptChanges = FlagDefinition(
    "accept-changes", "Also hosts whose values differ: they get those of the YAML")

  static let definition = CommandDefinition(
    name: "adopt", summary: "Take over hosts that were made by hand",
    discussion: """
      A host of the YAML whose domains a host without an owner serves in NPM becomes ours: it gets our marker. Where
      values differ it is left alone, unless --accept-changes lets the YAML win. Hosts of another owner are refused.
      """,
    arguments: [.names],
    flags: [all, dryRun, acceptChanges] + ApplyFlags.executing + ApplyFlags.planning, run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let context = try CommandContext(invocation)
    guard invocation.arguments.positional.isEmpty == invocation.arguments.has(all) else {
      throw UsageError(message: "adopt takes names, or --all")
    }
    guard invocation.arguments.has(dryRun) else {
      let exit = try await ApplyFlow(context).run { try request(context) }
      if exit != .failure { await refreshStatus(context) }
      return exit
    }
    let (wanted, settings) = try request(context)
    let (_, planned) = try await context.plan(wanted.desired, settings, context.stores(createsIt: false))
    try PlanPrinter(planned: planned, context: context, isPartial: true).print(wanted.diagnostics)
    return planned.refusals.isEmpty && !planned.plan.changes.contains(where: \.isBlocked) ? .success : .refused
  }

  /// What was adopted is not all that the status files are about.
  private static func refreshStatus(_ context: CommandContext) async {
    do {
      let planned = try await context.wholePlan(context.loaded().state)
      context.keepStatus { try context.writeStatus(planned, nil, to: $0) }
    } catch {
      context.invocation.console.info("the status files are not renewed: \(error)")
    }
  }

  private static func request(_ context: CommandContext) throws -> (
    request: ApplyFlow.Request, settings: ReconcileOptions
  ) {
    let loaded = try context.loadDesired(exitWhenEmpty: .refused)
    var adoption = Adoption(acceptsChanges: context.invocation.arguments.has(acceptChanges))
    let names = context.invocation.arguments.positional
    if !names.isEmpty {
      adoption.names = Set(try names.map { try ResourceNameArgument.key($0, among: loaded.state.resources) })
    }
    var settings = try context.reconcileOptions()
    settings.selection.names = []
    settings.purpose = .adopt(adoption)
    let request = ApplyFlow.Request(
      desired: loaded.state, diagnostics: loaded.diagnostics, writesStatus: false)
    return (request, settings)
  }
}

/// A resource name from the command line.
enum ResourceNameArgument {
  /// Resolves a name: `jellyfin`, or with its kind, `access_list/lan`.
  ///
  /// - Throws: `CommandFailure` with exit code 3 if there is none, or several.
  static func key(_ name: String, among resources: [DesiredResource]) throws -> ResourceKey {
    try key(name, among: resources.map(\.key))
  }

  static func key(_ name: String, among keys: [ResourceKey]) throws -> ResourceKey {
    let found = keys.filter { $0.name == name || $0.path == name }
    if found.count == 1 { return found[0] }
    let hint =
      found.isEmpty
      ? Suggestion.nearest(to: name, among: keys.map(\.name)).map { "did you mean '\($0)'?" }
        ?? "write it into the YAML first; 'reconciler export' helps"
      : "write \(found.map(\.path).sorted().joined(separator: " or "))"
    let message = found.isEmpty ? "the YAML has nothing named '\(name)'" : "the YAML has several named '\(name)'"
    throw CommandFailure(.invalid, [Diagnostic(.unknownName, message, hint: hint)])
  }
}
