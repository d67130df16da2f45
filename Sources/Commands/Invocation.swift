import Model

/// A command that is being carried out.
struct Invocation: Sendable {
  var command: CommandDefinition
  var arguments: ParsedArguments
  var console: Console
}

/// Ends a command with an exit code and what there is to say.
struct CommandFailure: Error {
  var exit: ExitCode
  var diagnostics: [Diagnostic]

  init(_ exit: ExitCode, _ diagnostics: [Diagnostic]) {
    self.exit = exit
    self.diagnostics = diagnostics
  }
}
