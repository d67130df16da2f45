import CBuildInfo
import Model

/// `reconciler version`.
enum VersionCommand {
  static let number = "0.1.0"

  /// The commit that this was built from, and its day; empty: it was not said to the build.
  private static let commit = String(cString: build_commit())
  private static let date = String(cString: build_date())

  static let definition = CommandDefinition(
    name: "version", summary: "Print the version, the commit that it was built from, and its date",
    run: { invocation in
      if invocation.console.format == .json {
        let built: [String: JSONValue] = commit.isEmpty ? [:] : ["commit": .string(commit), "date": .string(date)]
        try invocation.console.result(json: .object(built.merging(["version": .string(number)]) { $1 }))
      } else {
        let built: TerminalText = commit.isEmpty ? "" : " (\(commit), \(date))"
        try invocation.console.result("reconciler \(number)\(built)")
      }
      return .success
    })
}
