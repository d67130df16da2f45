import Model
package import Platform
import SQLite

extension SQLiteStore {
  package func dropEvents(before time: Timestamp, keeping count: Int) throws {
    try mapped {
      try connection.transaction {
        try connection.run("DELETE FROM events WHERE at < ?", [.real(time.seconds)])
        try connection.run(
          "DELETE FROM events WHERE number <= (SELECT number FROM events ORDER BY number DESC LIMIT 1 OFFSET ?)",
          [.integer(Int64(count))])
      }
    }
  }

  package func suspend(_ record: SuspensionRecord) throws {
    _ = try mapped {
      try connection.run(
        "INSERT OR REPLACE INTO pauses (subject, until, reason, begun_at) VALUES (?, ?, ?, ?)",
        [
          .text(record.subject.text), record.until.map { .real($0.seconds) } ?? .null, .text(record.reason),
          .real(record.begunAt.seconds),
        ])
    }
  }

  package func resume(_ subject: SuspensionSubject) throws -> Bool {
    try mapped {
      try !connection.run("DELETE FROM pauses WHERE subject = ? RETURNING subject", [.text(subject.text)]).isEmpty
    }
  }

  package func suspensions(at now: Timestamp) throws -> [SuspensionRecord] {
    try mapped {
      try connection.run(
        "SELECT subject, until, reason, begun_at FROM pauses WHERE until IS NULL OR until > ? ORDER BY subject",
        [.real(now.seconds)]
      ).compactMap { row in
        SuspensionSubject(text: row[0].text).map {
          SuspensionRecord(
            $0, until: row[1] == .null ? nil : Timestamp(seconds: row[1].real), reason: row[2].text,
            begunAt: Timestamp(seconds: row[3].real))
        }
      }
    }
  }
}
