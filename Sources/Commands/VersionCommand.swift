import Model

/// `reconciler version`.
enum VersionCommand {
  static let number = "0.1.0"

  static let definition = CommandDefinition(
    name: "version", summary: "Print the version",
    run: { invocation in
      if invocation.console.format == .json {
        try invocation.console.result(json: ["version": .string(number)])
      } else {
        try invocation.console.result("reconciler \(number)")
      }
      return .success
    })
}
