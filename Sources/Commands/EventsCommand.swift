import DesiredFiles
import Model
import Platform
import Reports
import Store

/// `reconciler events`: recorded events, oldest first.
enum EventsCommand {
  private static let since = FlagDefinition("since", value: "DURATION", "Not older than, for example 2h or 7d")
  private static let severity = FlagDefinition(
    "severity", value: "LEVEL", choices: Event.Severity.allCases.map(\.rawValue), isRepeatable: true, "Only these")
  private static let source = FlagDefinition(
    "source", value: "NAME", isRepeatable: true, "Only of these, for example apply")
  private static let run = FlagDefinition("run", value: "N", "Only of this run")
  private static let follow = FlagDefinition("follow", short: "f", "Go on with what happens, until Ctrl-C")
  private static let limit = FlagDefinition("limit", value: "N", "The newest N; default: 100")

  static let definition = CommandDefinition(
    name: "events", summary: "Show what happened", flags: [since, severity, source, run, limit, follow], run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    let context = try CommandContext(invocation)
    if invocation.arguments.has(follow) { return try await follow(context) }
    let events = try await context.stores(createsIt: false).events.events(filter(invocation.arguments))
    if invocation.console.format == .json {
      try invocation.console.result(report: EventListReport(events))
    } else {
      let lines = events.flatMap { text(of: $0, invocation.console) }
      try invocation.console.result(lines.isEmpty ? "No events." : lines.joined(separator: "\n"))
    }
    return .success
  }

  /// Seconds between polls.
  private static let pause = 0.5

  /// In JSON, one event per line.
  private static func follow(_ context: CommandContext) async throws -> ExitCode {
    let stop = ShutdownSignal()
    stop.listenToSignals()
    var filter = try filter(context.invocation.arguments)
    let console = context.invocation.console
    while true {
      for event in try await context.stores(createsIt: false).events.events(filter) {
        let isRead =
          try console.format == .json
          ? console.result(line: EventReport(event))
          : console.result(text(of: event, console).joined(separator: "\n"))
        guard isRead else { return .success }
        filter.after = event.number
      }
      filter.limit = 10_000
      try await Task.sleep(for: .seconds(pause))  // polling: the store does not notify of writes by other processes
    }
  }

  private static func filter(_ arguments: ParsedArguments) throws -> EventFilter {
    var filter = EventFilter()
    if let seconds = try arguments.seconds(since) {
      filter.since = Timestamp.now - seconds
    }
    filter.severities = Set(arguments.all(severity).compactMap(Event.Severity.init))
    filter.sources = Set(arguments.all(source))
    filter.run = try arguments.integer(run)
    filter.limit = try arguments.integer(limit) ?? 100
    return filter
  }

  static func text(of recorded: RecordedEvent, _ console: Console) -> [TerminalText] {
    let event = recorded.event
    let paint: [Event.Severity: ANSIStyle] = [.warning: .yellow, .error: .red]
    let word = TerminalText(event.severity.rawValue).padded(to: 7)
    let level = paint[event.severity].map { console.paint(word, $0) } ?? word
    let line: TerminalText =
      "\(recorded.at.iso8601)  \(level)  \(TerminalText(event.reason).padded(to: 16))  \(event.message)"
    return line.wrapped(to: console.columns, indent: 4)
  }
}
