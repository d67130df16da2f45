package import Model
package import Platform
import SQLite

extension SQLiteStore: HealthStore {
  package func record(_ samples: [HealthSample], memories: [String: String]) throws {
    try mapped {
      try connection.transaction {
        for (name, memory) in memories.sorted(by: { $0.key < $1.key }) {
          try connection.run(
            "INSERT INTO watched (name, memory) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET memory = excluded.memory",
            [.text(name), .text(memory)])
        }
        for sample in samples {
          try connection.run("INSERT OR IGNORE INTO watched (name) VALUES (?)", [.text(sample.name)])
          try connection.run(
            """
            INSERT OR REPLACE INTO samples (host, at, ok, latency)
            VALUES ((SELECT number FROM watched WHERE name = ?), ?, ?, ?)
            """,
            [
              .text(sample.name), .integer(sample.at.milliseconds), .integer(sample.isOK ? 1 : 0),
              sample.milliseconds.map { .real($0) } ?? .null,
            ])
        }
      }
    }
  }

  package func persistedHealth() throws -> [String: String] {
    try mapped {
      let rows = try connection.run("SELECT name, memory FROM watched WHERE memory IS NOT NULL")
      return Dictionary(uniqueKeysWithValues: rows.map { ($0[0].text, $0[1].text) })
    }
  }

  package func summarise(at now: Timestamp) throws {
    try mapped {
      try connection.transaction {
        for (width, _) in HealthRetention.summaries { try summarise(width, until: now) }
        try drop(at: now)
      }
    }
  }

  /// Summaries are made of what is remembered, so that making one again does no harm.
  private func summarise(_ width: Int, until now: Timestamp) throws {
    let span = Int64(width) * 1000
    let end = now.milliseconds / span * span
    let begin = try summarised(width)
    guard begin < end else { return }
    var windows: [SummaryKey: WindowStatistics] = [:]
    try connection.each(
      "SELECT host, at, ok, latency FROM samples WHERE at >= ? AND at < ?", [.integer(begin), .integer(end)]
    ) { row in
      let key = SummaryKey(host: row[0].int, start: Int64(row[1].int) / span * span)
      windows[key, default: WindowStatistics()].note(row)
    }
    for (key, window) in windows {
      try connection.run(
        "INSERT OR REPLACE INTO summaries (width, host, start, checks, failures, latencies) VALUES (?, ?, ?, ?, ?, ?)",
        [
          .integer(Int64(width)), .integer(Int64(key.host)), .integer(key.start), .integer(Int64(window.checks)),
          .integer(Int64(window.failures)), .text(window.latencies.text),
        ])
    }
    try connection.run(
      "INSERT OR REPLACE INTO summarised (width, until) VALUES (?, ?)", [.integer(Int64(width)), .integer(end)])
  }

  /// Milliseconds since 1970 up to which there are summaries.
  private func summarised(_ width: Int) throws -> Int64 {
    Int64(
      try connection.run("SELECT until FROM summarised WHERE width = ?", [.integer(Int64(width))]).first?[0].int ?? 0)
  }

  private func drop(at now: Timestamp) throws {
    func old(_ seconds: Double) -> SQLiteValue { .integer(Timestamp(seconds: now.seconds - seconds).milliseconds) }
    try connection.run("DELETE FROM samples WHERE at < ?", [old(HealthRetention.samples)])
    for (width, kept) in HealthRetention.summaries {
      try connection.run("DELETE FROM summaries WHERE width = ? AND start < ?", [.integer(Int64(width)), old(kept)])
      let newest = try connection.run(
        "SELECT start FROM summaries WHERE width = ? ORDER BY start DESC LIMIT 1 OFFSET ?",
        [.integer(Int64(width)), .integer(Int64(HealthRetention.maximumRows))])
      if let bound = newest.first?[0] {
        try connection.run("DELETE FROM summaries WHERE width = ? AND start <= ?", [.integer(Int64(width)), bound])
      }
    }
  }

  package func checkStatistics(at now: Timestamp) throws -> [String: CheckStatistics] {
    try mapped {
      func before(_ seconds: Double) -> Int64 { Timestamp(seconds: now.seconds - seconds).milliseconds }
      var windows: [Int: CheckStatistics] = [:]
      let hour = SQLiteValue.integer(Int64(HealthRetention.hour))
      try connection.each(
        "SELECT host, SUM(checks), SUM(failures) FROM summaries WHERE width = ? AND start >= ? GROUP BY host",
        [hour, .integer(before(30 * 86400))]
      ) { row in
        windows[row[0].int, default: CheckStatistics()].month.checks += row[1].int
        windows[row[0].int, default: CheckStatistics()].month.failures += row[2].int
      }
      let day = before(86400)
      try connection.each(
        "SELECT host, start, checks, failures, latencies FROM summaries WHERE width = ? AND start >= ?",
        [hour, .integer(before(7 * 86400))]
      ) { row in
        var window = WindowStatistics()
        window.checks = row[2].int
        window.failures = row[3].int
        window.latencies = LatencySketch(text: row[4].text)
        windows[row[0].int, default: CheckStatistics()].week.add(window)
        if Int64(row[1].int) >= day { windows[row[0].int, default: CheckStatistics()].day.add(window) }
      }
      try addRest(to: &windows)
      let names = try connection.run("SELECT number, name FROM watched")
      return Dictionary(
        uniqueKeysWithValues: names.compactMap { row in windows[row[0].int].map { (row[1].text, $0) } })
    }
  }

  /// The hour that has no summary yet.
  private func addRest(to windows: inout [Int: CheckStatistics]) throws {
    let begin = try summarised(HealthRetention.hour)
    try connection.each("SELECT host, at, ok, latency FROM samples WHERE at >= ?", [.integer(begin)]) { row in
      var window = WindowStatistics()
      window.note(row)
      windows[row[0].int, default: CheckStatistics()].day.add(window)
      windows[row[0].int, default: CheckStatistics()].week.add(window)
      windows[row[0].int, default: CheckStatistics()].month.checks += window.checks
      windows[row[0].int, default: CheckStatistics()].month.failures += window.failures
    }
  }
}

private struct SummaryKey: Hashable {
  var host: Int
  var start: Int64
}

extension WindowStatistics {
  /// - Parameter row: host, time, success, latency.
  fileprivate mutating func note(_ row: [SQLiteValue]) {
    note(isOK: row[2].int != 0, milliseconds: row[3] == .null ? nil : row[3].real)
  }
}

extension Timestamp {
  var milliseconds: Int64 { Int64((seconds * 1000).rounded(.down)) }
}
