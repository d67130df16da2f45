import HTTPServer
import Model
import Reports
import Store

/// The event log, page by page and as it grows.
struct EventRoutes {
  private let source: APISource
  private let hub: EventHub

  init(_ source: APISource, _ hub: EventHub) {
    self.source = source
    self.hub = hub
  }

  private static let filters: [Route.Parameter] = [
    .init("since", "Not older than this time (RFC 3339).", Shape.time),
    .init(
      "severity", "Only these, with commas.",
      ["type": "string", "pattern": "^((info|warning|error)(,(info|warning|error)){0,2})?$"]),
    .init("source", "Only of these, with commas.", Shape.string),
    .init("subject", "Only of these, with commas, as proxy_host/jellyfin.", Shape.string),
    .init("run", "Only of this run.", ["type": "integer", "minimum": 0]),
    .init("after", "Only those after this number.", ["type": "integer", "minimum": 0]),
  ]

  private static let shape = Shape.object([
    "number": Shape.integer, "at": Shape.time, "severity": ["enum": ["info", "warning", "error"]],
    "source": Shape.string, "subject": Shape.string, "reason": Shape.string, "message": Shape.string, "data": [:],
    "run": ["type": ["integer", "null"]], "correlation_id": ["type": ["string", "null"]],
  ])

  var routes: [Route] {
    [
      Route(
        "GET", "/api/events", "listEvents", "What happened, oldest first",
        parameters: Self.filters + Page.numbered + [
          .init(
            "newest", "Of more than `limit`, the newest; then there is no `next`.",
            ["type": "boolean", "default": false])
        ],
        answers: [.init(200, "Oldest first.", Shape.json(Shape.list(Self.shape)))], respond: { try await list($0) }),
      Route(
        "GET", "/api/events/stream", "streamEvents",
        "Events as they happen (Server-Sent Events); `Last-Event-ID` or `after` resumes",
        parameters: Self.filters,
        answers: [.init(200, "`id` is the number, `event` the reason.", ["text/event-stream": Shape.string])],
        respond: { try await stream($0) }),
    ]
  }

  private func list(_ request: APIRequest) async throws -> HTTPResponse {
    let page = try Page(request)
    var filter = try Self.filter(request)
    if let cursor = page.cursor {
      guard let number = Int(cursor) else { throw Problem(400, .apiRequest, "'cursor' is `next` of an answer before") }
      filter.after = max(number, filter.after ?? 0)
    }
    // From a place on the oldest come first; without one, the newest are what is asked for.
    let wantsNewest = try request.flag("newest")
    filter.takesOldest = (filter.after != nil || filter.since != nil) && !wantsNewest
    filter.limit = page.limit
    let events = try await source.stores.ask { [filter] in try await $0.events.events(filter) }
    let isFull = filter.takesOldest && events.count == page.limit
    return .json(
      ListBody(items: events.map(EventReport.init), next: isFull ? events.last.map { String($0.number) } : nil))
  }

  private func stream(_ request: APIRequest) async throws -> HTTPResponse {
    var filter = try Self.filter(request)
    if let text = request.header("last-event-id"), !text.isEmpty {
      guard let number = Int(text), number >= 0 else {
        throw Problem(400, .apiRequest, "'Last-Event-ID' is the number of an event")
      }
      filter.after = number
    }
    let stream = HTTPStream()
    try await hub.join(stream, filter, isAdmitted: request.isStillAdmitted)
    var response = HTTPResponse(
      status: 200, headers: [("Content-Type", "text/event-stream"), ("X-Accel-Buffering", "no")])
    response.delivery = .stream(stream)
    return response
  }

  private static func filter(_ request: APIRequest) throws -> EventFilter {
    var filter = EventFilter()
    if let text = request.query["since"] {
      // A plus sign that was not encoded has become a blank, which no time has.
      guard let time = Timestamp(iso8601: String(text.map { $0 == " " ? "+" : $0 })) else {
        throw Problem(
          400, .apiRequest, "'since' is no time", hint: "write 2026-11-26T18:00:00Z or 2026-11-26T19:00:00%2B01:00")
      }
      filter.since = time
    }
    if let text = request.query["after"] {
      guard let number = Int(text), number >= 0 else {
        throw Problem(400, .apiRequest, "'after' is the number of an event")
      }
      filter.after = number
    }
    if let text = request.query["run"] {
      guard let number = Int(text), number >= 0 else { throw Problem(400, .apiRequest, "'run' is the number of a run") }
      filter.run = number
    }
    func words(_ name: String) -> [String] {
      (request.query[name] ?? "").split(separator: ",").map(String.init)
    }
    for word in words("severity") {
      guard let severity = Event.Severity(rawValue: word) else {
        throw Problem(
          400, .apiRequest, "there is no severity '\(word.prefix(50))'",
          hint: "there are \(Event.Severity.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      filter.severities.insert(severity)
    }
    filter.sources = Set(words("source"))
    filter.subjects = Set(words("subject"))
    return filter
  }
}
