package import Platform
import SQLite

extension SQLiteStore: AlertStore {
  package func alerts() throws -> [String: String] {
    try mapped {
      let rows = try connection.run("SELECT key, alert FROM alerts")
      return Dictionary(uniqueKeysWithValues: rows.map { ($0[0].text, $0[1].text) })
    }
  }

  package func saveAlerts(
    _ alerts: [String: String], notices: [(sink: String, notice: String)], at now: Timestamp
  ) throws {
    try mapped {
      try connection.transaction {
        try connection.run("DELETE FROM alerts")
        for (key, alert) in alerts.sorted(by: { $0.key < $1.key }) {
          try connection.run("INSERT INTO alerts (key, alert) VALUES (?, ?)", [.text(key), .text(alert)])
        }
        for notice in notices {
          try connection.run(
            "INSERT INTO outbox (sink, notice, created_at, next_at) VALUES (?, ?, ?, ?)",
            [.text(notice.sink), .text(notice.notice), .real(now.seconds), .real(now.seconds)])
        }
      }
    }
  }

  package func outbox(_ sink: String) throws -> [OutboxRow] {
    try mapped {
      let columns = "number, sink, notice, created_at, attempts, next_at"
      return try connection.run("SELECT \(columns) FROM outbox WHERE sink = ? ORDER BY number", [.text(sink)]).map {
        row in
        OutboxRow(
          number: row[0].int, sink: row[1].text, notice: row[2].text, createdAt: Timestamp(seconds: row[3].real),
          attempts: row[4].int, nextAt: Timestamp(seconds: row[5].real))
      }
    }
  }

  package func pending() throws -> [String: Int] {
    try mapped {
      let rows = try connection.run("SELECT sink, COUNT(*) FROM outbox GROUP BY sink")
      return Dictionary(uniqueKeysWithValues: rows.map { ($0[0].text, $0[1].int) })
    }
  }

  package func markDelivered(_ number: Int) throws {
    _ = try mapped { try connection.run("DELETE FROM outbox WHERE number = ?", [.integer(Int64(number))]) }
  }

  package func deferDelivery(_ number: Int, next: Timestamp) throws {
    _ = try mapped {
      try connection.run(
        "UPDATE outbox SET attempts = attempts + 1, next_at = ? WHERE number = ?",
        [.real(next.seconds), .integer(Int64(number))])
    }
  }

  package func keepOutbox(of sinks: [String]) throws {
    _ = try mapped {
      let marks = sinks.map { _ in "?" }.joined(separator: ", ")
      try connection.run("DELETE FROM outbox WHERE sink NOT IN (\(marks))", sinks.map { .text($0) })
    }
  }

  package func silence(_ match: String, until: Timestamp, reason: String) throws -> Int {
    try mapped {
      try connection.run(
        "INSERT INTO silences (match, until, reason) VALUES (?, ?, ?)",
        [.text(match), .real(until.seconds), .text(reason)])
      return Int(connection.lastInsertedRow)
    }
  }

  package func expireSilence(_ number: Int) throws -> Bool {
    try mapped {
      try !connection.run("DELETE FROM silences WHERE number = ? RETURNING number", [.integer(Int64(number))]).isEmpty
    }
  }

  package func silences(at now: Timestamp) throws -> [SilenceRow] {
    try mapped {
      try connection.run(
        "SELECT number, match, until, reason FROM silences WHERE until > ? ORDER BY number", [.real(now.seconds)]
      ).map { row in
        SilenceRow(number: row[0].int, match: row[1].text, until: Timestamp(seconds: row[2].real), reason: row[3].text)
      }
    }
  }

  package func noteStart(at now: Timestamp) throws -> [Timestamp] {
    try mapped {
      try connection.transaction {
        try connection.run(
          "DELETE FROM starts WHERE at < ? AND at < (SELECT MAX(at) FROM starts)", [.real(now.seconds - 7 * 86400)])
        try connection.run("INSERT INTO starts (at) VALUES (?)", [.real(now.seconds)])
        return try connection.run("SELECT at FROM starts ORDER BY at").map { Timestamp(seconds: $0[0].real) }
      }
    }
  }
}
