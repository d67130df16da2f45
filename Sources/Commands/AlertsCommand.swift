import Configuration
import Daemon
import Publishing
import Alerting
import DesiredFiles
import Model
import Platform
import Reports
import Store

/// `reconciler alerts`: firing alerts, receivers and silences.
enum AlertsCommand {
  private static let length = FlagDefinition("for", value: "DURATION", "How long a silence lasts; default: 2h")
  private static let reason = FlagDefinition("reason", value: "TEXT", "Why it is silent")

  static let definition = CommandDefinition(
    name: "alerts", summary: "Show alerts, try a sink, or silence some for a while",
    discussion: """
      Without an action it shows what fires, what is silent and who is notified. 'test SINK' sends a test alert to one sink, and
      says whether it arrived. 'silence WHAT' takes a rule, a host, a subject or '*'; 'unsilence N' ends a silence.
      """,
    arguments: [
      ArgumentDefinition(
        name: "ACTION", choices: ["list", "test", "silence", "unsilence"], isOptional: true, summary: "What to do"),
      ArgumentDefinition(name: "WHAT", isOptional: true, summary: "A sink, what to silence, or a silence's number"),
    ],
    flags: [length, reason], run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let context = try CommandContext(invocation)
    let arguments = invocation.arguments.positional
    guard let action = arguments.first, action != "list" else { return try await list(context) }
    guard arguments.count == 2 else { throw UsageError(message: "'alerts \(action)' needs one argument more") }
    switch action {
    case "test": return try await test(arguments[1], context)
    case "silence": return try await silence(arguments[1], context)
    default: return try await expireSilence(arguments[1], context)
    }
  }

  private static func list(_ context: CommandContext) async throws -> ExitCode {
    let store = try context.stores(createsIt: false).alerts
    let alerts = try await store.alerts().filter(\.isFiring).sorted { ($1.severity, $0.key) < ($0.severity, $1.key) }
    let silences = try await store.silences(at: .now)
    let pending = try await store.pending()
    let console = context.invocation.console
    if console.format == .json {
      let sinks = context.settings.daemon.receivers.map {
        AlertListReport.Sink(name: $0.name, type: $0.kind.rawValue, pending: pending[$0.name] ?? 0)
      }
      try console.result(report: AlertListReport(alerts, silences, sinks: sinks))
      return .success
    }
    var lines = alerts.isEmpty ? ["Nothing fires."] : alerts.map { line($0, console) }
    lines += silences.map { row -> TerminalText in
      let why = row.reason.isEmpty ? "" : ", \(row.reason)"
      return "silence \(row.number): \(row.match) until \(row.until.iso8601)\(why)"
    }
    let sinks = context.settings.daemon.receivers.map { sink in
      "\(sink.name) (\(sink.kind.rawValue)\(pending[sink.name].map { ", \($0) waiting" } ?? ""))"
    }
    lines += [
      "",
      sinks.isEmpty ? "No receivers: there is no sink in the settings." : "Notified: \(sinks.joined(separator: ", "))",
    ]
    try console.result(lines.flatMap { $0.wrapped(to: console.columns, indent: 4) }.joined(separator: "\n"))
    return .success
  }

  private static func line(_ alert: Alert, _ console: Console) -> TerminalText {
    let paint: ANSIStyle? = [.critical: .red, .warning: .yellow][alert.severity]
    let word = TerminalText(alert.severity.rawValue).padded(to: 8)
    let told = alert.notifiedAt == nil ? ", silenced" : ""
    return
      "\(paint.map { console.paint(word, $0) } ?? word)  \(alert.summary)  (\(alert.rule.rawValue), since \(alert.since.iso8601)\(told))"
  }

  private static func test(_ name: String, _ context: CommandContext) async throws -> ExitCode {
    let sinks = context.settings.daemon.receivers
    guard let settings = sinks.first(where: { $0.name == name }) else {
      let hint =
        Suggestion.nearest(to: name, among: sinks.map(\.name)).map { "did you mean '\($0)'?" }
        ?? "sinks are below alerts.sinks in the settings"
      throw CommandFailure(.invalid, [Diagnostic(.alertSink, "there is no sink '\(name)'", hint: hint)])
    }
    var condition = AlertCondition(
      .restarted, .info, subject: "test", "this is a test; nothing is wrong", cooldown: 0)
    condition.isOneShot = true
    do {
      try await context.notifier(settings).notify([AlertNotification(.firing, Alert(condition, since: .now), at: .now)])
    } catch {
      let message = "alert sink '\(name)' was not notified: \(error)"
      throw CommandFailure(.failure, [Diagnostic(.alertSink, message, hint: "check its settings, and that it runs")])
    }
    try context.invocation.console.result("Delivered to '\(name)'.")
    return .success
  }

  private static func silence(_ match: String, _ context: CommandContext) async throws -> ExitCode {
    let seconds = try context.invocation.arguments.length(length) ?? 7200
    let until = Timestamp.now + seconds
    let number = try await context.stores(createsIt: true).alerts
      .addSilence(match, until: until, reason: context.invocation.arguments.value(reason) ?? "")
    await context.append([
      Event(
        .info, source: "alerts", subject: match, reason: "Silenced",
        "alerts of '\(match)' are silent until \(until.iso8601)",
        correlation: context.correlation)
    ])
    guard context.invocation.console.format != .json else {
      try context.invocation.console.result(
        json: [
          "format_version": "1", "number": .int(number), "match": .string(match), "until": .string(until.iso8601),
        ])
      return .success
    }
    try context.invocation.console.result("Silence \(number): no notifications of '\(match)' until \(until.iso8601).")
    return .success
  }

  private static func expireSilence(_ text: String, _ context: CommandContext) async throws -> ExitCode {
    guard let number = Int(text), try await context.stores(createsIt: false).alerts.expireSilence(number) else {
      throw CommandFailure(
        .invalid, [Diagnostic(.alertSink, "there is no silence '\(text)'", hint: "'reconciler alerts' shows them")])
    }
    try context.invocation.console.result("Silence \(number) is over.")
    return .success
  }
}
