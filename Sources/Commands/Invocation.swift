import Model

/// A running command.
struct Invocation: Sendable {
  var command: CommandDefinition
  var arguments: ParsedArguments
  var console: Console
}

/// Ends a command with an exit code and its diagnostics.
struct CommandFailure: Error {
  var exit: ExitCode
  var diagnostics: [Diagnostic]

  init(_ exit: ExitCode, _ diagnostics: [Diagnostic]) {
    self.exit = exit
    self.diagnostics = diagnostics
  }
}
