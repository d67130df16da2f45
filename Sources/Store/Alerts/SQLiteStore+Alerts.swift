package import Alerting
package import Model
import SQLite

extension SQLiteStore: AlertStore {
  package func alerts() throws -> [Alert] {
    try run("SELECT alert FROM alerts WHERE instance = ? ORDER BY key", [scope]).compactMap { row in
      try? StoredJSON.decoded(row[0].text, of: "the alerts")
    }
  }

  @discardableResult
  package func save(
    _ alerts: [Alert], notify: [(receiver: String, notification: AlertNotification)], at now: Timestamp
  ) throws -> [Int] {
    let wanted = Dictionary(firstOf: try alerts.map { ($0.key, try StoredJSON.encoded($0)) })
    return try transaction { connection in
      let rows = try connection.run("SELECT key, alert FROM alerts WHERE instance = ?", [scope])
      let stored = Dictionary(firstOf: rows.map { ($0[0].text, $0[1].text) })
      for key in stored.keys.sorted() where wanted[key] == nil {
        try connection.run("DELETE FROM alerts WHERE instance = ? AND key = ?", [scope, .text(key)])
      }
      for (key, text) in wanted.sorted(by: { $0.key < $1.key }) where stored[key] != text {
        try connection.run(
          "INSERT OR REPLACE INTO alerts (instance, key, alert) VALUES (?, ?, ?)", [scope, .text(key), .text(text)])
      }
      return try notify.map { receiver, notification in
        try connection.run(
          "INSERT INTO outbox (instance, receiver, notification, created_at, next_at) VALUES (?, ?, ?, ?, ?)",
          [
            scope, .text(receiver), .text(try StoredJSON.encoded(notification)), .real(now.seconds),
            .real(now.seconds),
          ])
        return Int(connection.lastInsertedRow)
      }
    }
  }

  package func outbox(for receiver: String) throws -> [OutboxEntry] {
    let columns = "number, receiver, notification, created_at, attempts, next_at"
    let sql = "SELECT \(columns) FROM outbox WHERE instance = ? AND receiver = ? ORDER BY number"
    return try run(sql, [scope, .text(receiver)]).map { row in
      OutboxEntry(
        number: row[0].int, receiver: row[1].text,
        notification: try? StoredJSON.decoded(row[2].text, of: "the outbox"),
        createdAt: Timestamp(seconds: row[3].real), attempts: row[4].int, nextAt: Timestamp(seconds: row[5].real))
    }
  }

  package func pending() throws -> [String: Int] {
    let rows = try run("SELECT receiver, COUNT(*) FROM outbox WHERE instance = ? GROUP BY receiver", [scope])
    return Dictionary(firstOf: rows.map { ($0[0].text, $0[1].int) })
  }

  package func markDelivered(_ number: Int) throws {
    try run("DELETE FROM outbox WHERE number = ?", [.integer(Int64(number))])
  }

  package func deferDelivery(_ number: Int, until next: Timestamp) throws {
    try run(
      "UPDATE outbox SET attempts = attempts + 1, next_at = ? WHERE number = ?",
      [.real(next.seconds), .integer(Int64(number))])
  }

  package func keepOutbox(of receivers: [String]) throws {
    let marks = receivers.map { _ in "?" }.joined(separator: ", ")
    try run(
      "DELETE FROM outbox WHERE instance = ? AND receiver NOT IN (\(marks))", [scope] + receivers.map { .text($0) })
  }

  package func addSilence(_ match: String, until: Timestamp, reason: String) throws -> Int {
    try transaction { connection in
      try connection.run(
        "INSERT INTO silences (instance, match, until, reason) VALUES (?, ?, ?, ?)",
        [scope, .text(match), .real(until.seconds), .text(reason)])
      return Int(connection.lastInsertedRow)
    }
  }

  package func expireSilence(_ number: Int) throws -> Bool {
    try !run("DELETE FROM silences WHERE number = ? RETURNING number", [.integer(Int64(number))]).isEmpty
  }

  package func silences(at now: Timestamp) throws -> [Silence] {
    try run(
      "SELECT number, match, until, reason FROM silences WHERE instance = ? AND until > ? ORDER BY number",
      [scope, .real(now.seconds)]
    ).map { row in
      Silence(number: row[0].int, match: row[1].text, until: Timestamp(seconds: row[2].real), reason: row[3].text)
    }
  }

  package func recordStart(at now: Timestamp) throws -> [Timestamp] {
    try transaction { connection in
      try connection.run(
        "DELETE FROM starts WHERE at < ? AND at < (SELECT MAX(at) FROM starts)", [.real(now.seconds - 7 * 86400)])
      try connection.run("INSERT INTO starts (at) VALUES (?)", [.real(now.seconds)])
      return try connection.run("SELECT at FROM starts ORDER BY at").map { Timestamp(seconds: $0[0].real) }
    }
  }
}
