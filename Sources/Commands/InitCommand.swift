import Configuration
import Model
import Platform

/// `reconciler init`: from an NPM with hosts to files that describe it.
enum InitCommand {
  static let yes = FlagDefinition("yes", short: "y", "Ask nothing: take NPM_URL, NPM_IDENTITY, NPM_SECRET and defaults")
  static let createAccount = FlagDefinition(
    "create-account", "The account given is an administrator: make one of its own for reconciler, and use that")
  static let account = FlagDefinition(
    "account", value: "EMAIL", "Address of the account that is made; default: reconciler@npm.local")
  static let commit = FlagDefinition("commit", "Commit the files to git")

  static let definition = CommandDefinition(
    name: "init", summary: "Set up this folder for an NPM: settings, account, and its hosts as files",
    discussion: """
      Asks for NPM's address and an account, tries each at once, and writes reconciler.yaml, .gitignore and desired/, with
      what NPM has now. Passwords go into a file that only you can read. Nothing is changed in NPM, unless an account is made.
      """,
    flags: [yes, createAccount, account, commit], run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let file = invocation.arguments.value(CommonFlags.config) ?? SettingsLoader.standardFile
    guard !Files.exists(file) else {
      throw CommandFailure(
        .failure,
        [
          Diagnostic(
            .outputFailed, "\(file) exists: this folder is set up", hint: "'reconciler doctor' says whether it works")
        ])
    }
    ShutdownSignal().listenToSignals()
    let isInteractive = !invocation.arguments.has(yes) && Terminal.isTerminal(Terminal.input)
    let interview = Interview(console: invocation.console, isInteractive: isInteractive)
    let access = try await SetupAccess(CommandContext(invocation), interview).ask()
    return try await SetupFiles(invocation, interview, file, access).write()
  }
}
