package import Model
package import Store

/// An event of the log, as JSON of the contract.
package struct EventReport: Codable, Hashable, Sendable {
  package var number: Int
  package var at: String
  package var severity: String
  package var source: String
  package var subject: String
  package var reason: String
  package var message: String
  @Nullable package var run: Int?
  @Nullable package var correlation: String?
  package var data: JSONValue

  private enum CodingKeys: String, CodingKey {
    case number, at, severity, source, subject, reason, message, run, data
    case correlation = "correlation_id"
  }

  package init(_ recorded: RecordedEvent) {
    number = recorded.number
    at = recorded.at.iso8601
    severity = recorded.event.severity.rawValue
    source = recorded.event.source
    subject = recorded.event.subject
    reason = recorded.event.reason
    message = recorded.event.message
    _run = Nullable(wrappedValue: recorded.event.run)
    _correlation = Nullable(wrappedValue: recorded.event.correlation)
    data = recorded.event.data
  }
}

/// What `events` prints.
package struct EventListReport: Codable, Hashable, Sendable {
  package var formatVersion = "1"
  package var events: [EventReport]

  private enum CodingKeys: String, CodingKey {
    case events
    case formatVersion = "format_version"
  }

  package init(_ events: [EventReport]) { self.events = events }
  package init(_ events: [RecordedEvent]) { self.events = events.map(EventReport.init) }
}
