import Reports
package import Model
import Reconciler
import NPMClient
import Platform
import Store

/// The program: selects the command, runs it, ends with its exit code.
package enum Program {
  static let commands: [CommandDefinition] = [
    InitCommand.definition, ValidateCommand.definition, DiffCommand.definition, ApplyCommand.definition,
    AdoptCommand.definition,
    ExportCommand.definition, ImportCommand.definition, WatchCommand.definition, TokenCommand.definition,
    HealthcheckCommand.definition, RollbackCommand.definition,
    StatusCommand.definition,
    ListCommand.definition, ShowCommand.definition,
    EventsCommand.definition, AlertsCommand.definition, SuspendCommand.suspension, SuspendCommand.resumption,
    CertificatesCommand.definition,
    DoctorCommand.definition, ExplainCommand.definition, SchemaCommand.definition, SettingsCommand.definition,
    SimulatorCommand.definition, CompletionCommand.definition, ManualCommand.definition,
    VersionCommand.definition,
  ]

  /// Runs the command line `arguments`, without the program's name.
  package static func main(_ arguments: [String]) async -> ExitCode {
    CurrentProcess.openStandardDescriptors()
    CurrentProcess.ignoreFailedWrites()
    guard let word = arguments.first else {
      showHelp { HelpText.overview(columns: $0) }
      return .success
    }
    if ["help", "--help", "-h"].contains(word) { return help(arguments.dropFirst().first) }
    if word == "--version" { return await main(["version"]) }
    guard let command = find(word) else { return unknownCommand(word) }
    do {
      let parsed = try ArgumentParser.parse(command, Array(arguments.dropFirst()))
      let isLong = parsed.has(CommonFlags.helpAll)
      if isLong || parsed.has(CommonFlags.help) { return help(command.name, isLong: isLong) }
      return await run(Invocation(command: command, arguments: parsed, console: Console(parsed)))
    } catch let error as UsageError {
      return usage(error, command, wantsJSON(arguments) ? .json : Console())
    } catch {
      return .failure
    }
  }

  /// Whether an otherwise invalid command line requests JSON.
  private static func wantsJSON(_ arguments: [String]) -> Bool {
    let pairs = zip(arguments, arguments.dropFirst())
    return arguments.contains { ["-ojson", "-o=json", "--output=json"].contains($0) }
      || pairs.contains { ["-o", "--output"].contains($0) && $1 == "json" }
  }

  static func find(_ word: String) -> CommandDefinition? {
    commands.first { $0.name == word || $0.aliases.contains(word) }
  }

  private static func run(_ invocation: Invocation) async -> ExitCode {
    do {
      return try await invocation.command.run(invocation)
    } catch let error as UsageError {
      return usage(error, invocation.command, invocation.console)
    } catch let failure as CommandFailure {
      return report(failure.diagnostics, failure.exit, invocation.console)
    } catch let error as LockError where error.isHeld {
      return report([error.diagnostic], .locked, invocation.console)
    } catch {
      return report([Diagnostic(of: error)], .failure, invocation.console)
    }
  }

  /// In JSON, errors are the result; in text they go to stderr.
  private static func report(_ diagnostics: [Diagnostic], _ exit: ExitCode, _ console: Console) -> ExitCode {
    let isLost = diagnostics.contains { $0.code == .outputFailed }
    if console.format == .json, !isLost, (try? console.result(report: PlanReport(diagnostics))) != nil { return exit }
    for diagnostic in diagnostics { console.error(diagnostic) }
    return exit
  }

  private static func help(_ name: String?, isLong: Bool = false) -> ExitCode {
    guard let name else {
      showHelp { HelpText.overview(columns: $0) }
      return .success
    }
    guard let command = find(name) else { return unknownCommand(name) }
    showHelp { HelpText.of(command, isLong: isLong, columns: $0) }
    return .success
  }

  private static func showHelp(_ text: (Int?) -> TerminalText) {
    _ = try? Console().result(text(Terminal.columns(Terminal.output)))
  }

  private static func usage(_ error: UsageError, _ command: CommandDefinition, _ console: Console) -> ExitCode {
    let hint = error.hint ?? "see 'reconciler \(command.name) --help'"
    let diagnostic = Diagnostic(.usage, error.message, hint: hint)
    console.error(diagnostic)
    if console.format == .json { _ = try? console.result(report: PlanReport([diagnostic])) }
    return .usage
  }

  private static func unknownCommand(_ word: String) -> ExitCode {
    let names = commands.flatMap { [$0.name] + $0.aliases }
    let hint = Suggestion.nearest(to: word, among: names).map { "did you mean '\($0)'?" }
    Console().error(Diagnostic(.usage, "there is no command '\(word)'", hint: hint ?? "see 'reconciler --help'"))
    return .usage
  }
}
