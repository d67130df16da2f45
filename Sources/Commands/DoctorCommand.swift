import Model
import Reports

/// `reconciler doctor`: everything that a working diff needs.
enum DoctorCommand {
  static let definition = CommandDefinition(
    name: "doctor", summary: "Look at everything that diff and apply need, and say what is missing",
    discussion: """
      Tries the settings, NPM's address, the account and its rights, the desired files, the store and the status files, each for
      itself, and then the whole. Nothing is changed. Ends with 1 where something failed.
      """,
    run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let context: CommandContext
    do {
      context = try CommandContext(invocation)
    } catch let failure as CommandFailure where invocation.console.format == .json {
      let findings = failure.diagnostics.map { Finding.failed("settings", $0.message, [$0.hint]) }
      try invocation.console.result(report: DoctorReport(findings))
      return failure.exit
    }
    let findings = await Doctor(context: context).findings()
    if invocation.console.format == .json {
      try invocation.console.result(report: DoctorReport(findings))
    } else {
      try invocation.console.result(text(findings, invocation.console))
    }
    return findings.contains { $0.state == .failed } ? .failure : .success
  }

  private static func text(_ findings: [Finding], _ console: Console) -> TerminalText {
    let rows = findings.map { finding in
      TextTable.Row(
        [TerminalText(finding.name), word(finding.state, console), TerminalText(finding.message)],
        notes: finding.hints.map { "do: \($0)" })
    }
    let failed = findings.count { $0.state == .failed }
    let isFine = !findings.contains { $0.state == .warning }
    let last: TerminalText =
      failed > 0
      ? "\(Phrases.count(failed, "thing")) to mend; then run it again."
      : isFine ? "Nothing is in the way." : "It works; look at the warnings."
    return (TextTable(width: console.columns, rows: rows).lines + ["", last]).joined(separator: "\n")
  }

  private static func word(_ state: Finding.State, _ console: Console) -> TerminalText {
    switch state {
    case .ok: console.paint("ok", .green)
    case .warning: console.paint("warning", .yellow)
    case .failed: console.paint("failed", .red)
    case .notTried: "-"
    }
  }
}

/// What `doctor` prints, as JSON.
struct DoctorReport: Encodable {
  struct Check: Encodable {
    var name: String
    var status: String
    var message: String
    var hints: [String]
  }

  var formatVersion = "1"
  var ok: Bool
  var checks: [Check]

  private enum CodingKeys: String, CodingKey {
    case ok, checks
    case formatVersion = "format_version"
  }

  init(_ findings: [Finding]) {
    ok = !findings.contains { $0.state == .failed }
    checks = findings.map { Check(name: $0.name, status: $0.state.rawValue, message: $0.message, hints: $0.hints) }
  }
}
