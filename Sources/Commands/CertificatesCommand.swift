import Configuration
import Model
import NPMClient
import Platform
import Reconciler
import Reports

/// `reconciler certificates`: the certificates in NPM, the objects that use them, and their expiry.
enum CertificatesCommand {
  static let definition = CommandDefinition(
    name: "certificates", summary: "List NPM's certificates, who uses them, and when they end",
    discussion: "Those that nothing uses are called orphaned. Nothing is changed.", run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let context = try CommandContext(invocation)
    let inventory = CertificateInventory(
      try await context.gateway().observe(), now: .now, days: context.settings.certificateDays)
    if invocation.console.format == .json {
      try invocation.console.result(report: CertificateListReport(inventory.entries))
    } else {
      let width = min(40, max(10, inventory.entries.map { TerminalText($0.name).cells }.max() ?? 0))
      let lines = inventory.entries.map { line($0, width, invocation.console) }
      try invocation.console.result(lines.isEmpty ? "No certificates." : lines.joined(separator: "\n"))
    }
    return .success
  }

  private static func line(_ entry: CertificateInventory.Entry, _ width: Int, _ console: Console) -> TerminalText {
    let names = entry.names.joined(separator: ", ")
    let users = entry.users.isEmpty ? "orphaned" : "used by \(entry.users.joined(separator: ", "))"
    return
      "\(console.paint(TerminalText(entry.name).padded(to: width), .bold))  \(end(entry, console))  \(names)  \(users)"
  }

  private static func end(_ entry: CertificateInventory.Entry, _ console: Console) -> TerminalText {
    guard let left = entry.daysLeft else { return "no end known" }
    let text: TerminalText = left < 0 ? "ended \(entry.expires)" : "\(entry.expires), \(left) d"
    if entry.isUrgent { return console.paint(text, .red) }
    return entry.endsSoon ? console.paint(text, .yellow) : text
  }
}
