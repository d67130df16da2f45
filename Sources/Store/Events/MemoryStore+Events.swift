package import Model

extension MemoryStore: EventStore {
  package func append(_ events: [Event], at: Timestamp) {
    for event in events { log.append(RecordedEvent(number: nextEvent(), at: at, event: event)) }
  }

  package func events(_ filter: EventFilter) -> [RecordedEvent] {
    let found = log.filter { recorded in
      (filter.since.map { recorded.at >= $0 } ?? true)
        && (filter.severities.isEmpty || filter.severities.contains(recorded.event.severity))
        && (filter.sources.isEmpty || filter.sources.contains(recorded.event.source))
        && (filter.subjects.isEmpty || filter.subjects.contains(recorded.event.subject))
        && (filter.run.map { recorded.event.run == $0 } ?? true)
        && (filter.after.map { recorded.number > $0 } ?? true)
    }
    return Array(filter.takesOldest ? found.prefix(filter.limit) : found.suffix(filter.limit))
  }

  package func dropEvents(before time: Timestamp, keeping count: Int) {
    log = log.suffix(count).filter { $0.at >= time }
  }
}
