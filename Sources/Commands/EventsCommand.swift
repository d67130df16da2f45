import DesiredFiles
import FoundationEssentials
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
    name: "events", summary: "Show what happened",
    flags: [since, severity, source, run, limit, follow, ServerClient.flag], run: run)

  @Sendable private static func run(_ invocation: Invocation) async throws -> ExitCode {
    if let (client, context) = try ServerClient.of(invocation) { return try await ask(client, context) }
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

  // MARK: Of a daemon

  private static func ask(_ client: ServerClient, _ context: CommandContext) async throws -> ExitCode {
    let (arguments, console) = (context.invocation.arguments, context.invocation.console)
    let filter = try filter(arguments)
    var query = ["limit=\(min(1000, max(1, filter.limit)))"]
    if let since = filter.since { query.append("since=\(since.iso8601)") }
    if let run = filter.run { query.append("run=\(run)") }
    for (name, values) in [("severity", filter.severities.map(\.rawValue)), ("source", Array(filter.sources))]
    where !values.isEmpty {
      query.append("\(name)=" + values.sorted().map(ServerClient.encoded).joined(separator: ","))
    }
    let page = try await client.get("/api/events?newest=true&" + query.joined(separator: "&"), as: EventPage.self)
    guard arguments.has(follow) else {
      if console.format == .json {
        try console.result(report: EventListReport(page.items))
      } else {
        let lines = page.items.flatMap { text(of: $0, console) }
        try console.result(lines.isEmpty ? "No events." : lines.joined(separator: "\n"))
      }
      return .success
    }
    for event in page.items { guard try show(event, console) else { return .success } }
    let filters = query.filter { !$0.hasPrefix("limit=") && !$0.hasPrefix("since=") }
    return try await follow(
      client, console, "/api/events/stream?" + filters.joined(separator: "&"), page.items.last?.number)
  }

  private struct EventPage: Decodable { var items: [EventReport] }

  /// Goes on where it was, whatever ends the stream.
  private static func follow(
    _ client: ServerClient, _ console: Console, _ path: String, _ last: Int?
  ) async throws -> ExitCode {
    ShutdownSignal().listenToSignals()
    let state = Lock((reader: EventStreamReader(), last: last, isRead: true))
    while state.withLock({ $0.isRead }) {
      do {
        try await client.stream(path, after: state.withLock { $0.last }) { bytes in
          state.withLock { state in
            for text in state.reader.take(bytes) {
              guard let event = try? JSONDecoder().decode(EventReport.self, from: Data(text.utf8)) else { continue }
              state.last = event.number
              state.isRead = state.isRead && (try? show(event, console)) ?? false
            }
            return state.isRead
          }
        }
      } catch let failure as CommandFailure {
        throw failure
      } catch {
        console.info("the stream ended: \(error)")
      }
      state.withLock { $0.reader = EventStreamReader() }
      if state.withLock({ $0.isRead }) { await Pause.wait(2) }
    }
    return .success
  }

  private static func show(_ event: EventReport, _ console: Console) throws -> Bool {
    try console.format == .json
      ? console.result(line: event) : console.result(text(of: event, console).joined(separator: "\n"))
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
    text(of: EventReport(recorded), console)
  }

  private static func text(of event: EventReport, _ console: Console) -> [TerminalText] {
    let paint: [String: ANSIStyle] = ["warning": .yellow, "error": .red]
    let word = TerminalText(event.severity).padded(to: 7)
    let level = paint[event.severity].map { console.paint(word, $0) } ?? word
    let line: TerminalText =
      "\(event.at)  \(level)  \(TerminalText(event.reason).padded(to: 16))  \(event.message)"
    return line.wrapped(to: console.columns, indent: 4)
  }
}
