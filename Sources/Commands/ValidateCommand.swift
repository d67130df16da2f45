import Reports
import DesiredFiles
import Model
import Probe
import Reconciler

/// `reconciler validate`: reads the desired files and reports all their errors.
enum ValidateCommand {
  private static let probe = FlagDefinition("probe", "Check every destination too: DNS, TCP, HTTP")

  static let definition = CommandDefinition(
    name: "validate", summary: "Check the desired files, and with --probe their destinations",
    discussion: "Needs no NPM. Ends with 3 when a file has an error or a destination failed under 'validate: enforce'.",
    arguments: [.names], flags: [probe, ServerClient.flag], run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    if let (client, context) = try ServerClient.of(invocation) {
      return try await ServerCommands.validate(client, context)
    }
    let context = try CommandContext(invocation)
    var loaded = context.loaded()
    let selection = try context.selection()
    var results: [ProbeResult] = []
    var enforced: [Bool] = []
    if !loaded.diagnostics.hasErrors {
      for name in selection.names.sorted() { _ = try ResourceNameArgument.key(name, among: loaded.state.resources) }
    }
    if invocation.arguments.has(probe) && !loaded.diagnostics.hasErrors {
      let hosts = loaded.state.resources.filter { resource in
        resource.spec.schema.isProbed && resource.validation != .off && selection.contains(resource)
      }
      let names = loaded.state.resources.filter { $0.validation != .off && selection.contains($0) }
      loaded.diagnostics += await StartupDNSCheck.warnings(names, context.prober)
      let progress = context.progress("checking destinations")
      let targets = hosts.flatMap { host in
        ProbeTarget.all(of: host.key.name, spec: host.spec, host.check).map { ($0, host.validation == .enforce) }
      }
      results = await context.prober.probe(targets.map(\.0)) { progress($0, targets.count) }
      enforced = targets.map(\.1)
    }
    try print(loaded, results, invocation.console)
    let hasEnforcedFailure = zip(results, enforced).contains { !$0.isOK && $1 }
    return loaded.diagnostics.hasErrors || hasEnforcedFailure ? .invalid : .success
  }

  private static func print(_ loaded: LoadedDesired, _ results: [ProbeResult], _ console: Console) throws {
    guard console.format == .json else {
      try console.result(ValidationText.text(loaded, results, console))
      return
    }
    try console.result(report: ValidationReport(loaded.diagnostics, results))
  }
}
