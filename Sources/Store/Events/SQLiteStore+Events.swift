package import Model
import SQLite

extension SQLiteStore: EventStore {
  package func append(_ events: [Event], at: Timestamp) throws {
    guard !events.isEmpty else { return }
    try transaction { for event in events { try append(event, at, $0) } }
  }

  func append(_ event: Event, _ at: Timestamp, _ connection: SQLiteConnection) throws {
    try connection.run(
      """
      INSERT INTO events (instance, at, severity, source, subject, reason, message, run, correlation, data)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """, [scope] + (try EventRow.values(event, at)))
  }

  package func events(_ filter: EventFilter) throws -> [RecordedEvent] {
    var conditions = ["instance = ?", "at >= ?"]
    var values: [SQLiteValue] = [scope, .real(filter.since?.seconds ?? 0)]
    func isOneOf(_ column: String, _ texts: [String]) {
      guard !texts.isEmpty else { return }
      conditions.append("\(column) IN (\(texts.map { _ in "?" }.joined(separator: ", ")))")
      values += texts.map { .text($0) }
    }
    isOneOf("severity", filter.severities.map(\.rawValue).sorted())
    isOneOf("source", filter.sources.sorted())
    isOneOf("subject", filter.subjects.sorted())
    if let number = filter.after {
      conditions.append("number > ?")
      values.append(.integer(Int64(number)))
    }
    if let run = filter.run {
      conditions.append("run = ?")
      values.append(.integer(Int64(run)))
    }
    values.append(.integer(Int64(filter.limit)))
    let sql = """
      SELECT number, at, severity, source, subject, reason, message, run, correlation, data FROM events
      WHERE \(conditions.joined(separator: " AND ")) ORDER BY number \(filter.takesOldest ? "" : "DESC ")LIMIT ?
      """
    let rows = try run(sql, values)
    return (filter.takesOldest ? rows : rows.reversed()).compactMap(EventRow.event)
  }

  package func dropEvents(before time: Timestamp, keeping count: Int) throws {
    try transaction { connection in
      try connection.run("DELETE FROM events WHERE instance = ? AND at < ?", [scope, .real(time.seconds)])
      try connection.run(
        """
        DELETE FROM events WHERE instance = ? AND number <=
          (SELECT number FROM events WHERE instance = ? ORDER BY number DESC LIMIT 1 OFFSET ?)
        """, [scope, scope, .integer(Int64(count))])
    }
  }
}

private enum EventRow {
  static func values(_ event: Event, _ at: Timestamp) throws -> [SQLiteValue] {
    [
      .real(at.seconds), .text(event.severity.rawValue), .text(event.source), .text(event.subject),
      .text(event.reason), .text(event.message), event.run.map { .integer(Int64($0)) } ?? .null,
      event.correlation.map { .text($0) } ?? .null,
      event.data.isNull ? .null : .text(try StoredJSON.encoded(event.data)),
    ]
  }

  static func event(_ row: [SQLiteValue]) -> RecordedEvent? {
    guard let severity = Event.Severity(rawValue: row[2].text) else { return nil }
    let event = Event(
      severity, source: row[3].text, subject: row[4].text, reason: row[5].text, row[6].text,
      run: row[7] == .null ? nil : row[7].int, correlation: row[8] == .null ? nil : row[8].text,
      data: (try? StoredJSON.decoded(row[9].text, of: "the events")) ?? .null)
    return RecordedEvent(number: row[0].int, at: Timestamp(seconds: row[1].real), event: event)
  }
}
