package import Model
import SQLite

extension SQLiteStore: SuspensionStore {
  package func suspend(_ record: SuspensionRecord) throws {
    try run(
      "INSERT OR REPLACE INTO suspensions (instance, subject, until, reason, begun_at) VALUES (?, ?, ?, ?, ?)",
      [
        scope, .text(record.subject.text), record.until.map { .real($0.seconds) } ?? .null, .text(record.reason),
        .real(record.begunAt.seconds),
      ])
  }

  package func resume(_ subject: SuspensionSubject) throws -> Bool {
    let sql = "DELETE FROM suspensions WHERE instance = ? AND subject = ? RETURNING subject"
    return try !run(sql, [scope, .text(subject.text)]).isEmpty
  }

  package func suspensions(at now: Timestamp) throws -> [SuspensionRecord] {
    try run(
      """
      SELECT subject, until, reason, begun_at FROM suspensions
      WHERE instance = ? AND (until IS NULL OR until > ?) ORDER BY subject
      """, [scope, .real(now.seconds)]
    ).compactMap { row in
      SuspensionSubject(text: row[0].text).map {
        SuspensionRecord(
          $0, until: row[1] == .null ? nil : Timestamp(seconds: row[1].real), reason: row[2].text,
          begunAt: Timestamp(seconds: row[3].real))
      }
    }
  }
}
