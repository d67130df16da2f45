package import Model

/// A recorded event.
package struct RecordedEvent: Hashable, Sendable {
  package var number: Int
  package var at: Timestamp
  package var event: Event

  package init(number: Int, at: Timestamp, event: Event) {
    self.number = number
    self.at = at
    self.event = event
  }
}

/// Selects events.
package struct EventFilter: Hashable, Sendable {
  package var since: Timestamp?
  package var severities: Set<Event.Severity> = []
  package var sources: Set<String> = []
  /// Exactly these, such as `proxy_host/jellyfin`.
  package var subjects: Set<String> = []
  package var run: Int?
  /// Only events after the one with this number.
  package var after: Int?
  /// The maximum number of events.
  package var limit = 100
  /// Of more, the oldest are returned instead of the newest.
  package var takesOldest = false

  package init() {}
}

/// The event log: append-only, oldest first.
package protocol EventStore: Sendable {
  func append(_ events: [Event], at: Timestamp) async throws
  func events(_ filter: EventFilter) async throws -> [RecordedEvent]
  /// Drops events before `time`, and the oldest beyond the newest `count`.
  func dropEvents(before time: Timestamp, keeping count: Int) async throws
}

extension EventStore {
  package func append(_ event: Event, at time: Timestamp) async throws { try await append([event], at: time) }
}
