package import Model
import SQLite

extension SQLiteStore: HealthStore {
  package func record(_ samples: [HealthSample], health: [ResourceKey: PersistedHealth]) throws {
    try transaction { connection in
      for (key, state) in health.sorted(by: { $0.key < $1.key }) {
        try connection.run(
          """
          INSERT INTO watched (instance, kind, name, memory) VALUES (?, ?, ?, ?)
          ON CONFLICT (instance, kind, name) DO UPDATE SET memory = excluded.memory
          """, identity(key) + [.text(try StoredJSON.encoded(state))])
      }
      for sample in samples {
        try connection.run(
          "INSERT OR IGNORE INTO watched (instance, kind, name) VALUES (?, ?, ?)", identity(sample.key))
        try connection.run(
          """
          INSERT OR REPLACE INTO samples (host, at, ok, latency)
          VALUES ((SELECT number FROM watched WHERE instance = ? AND kind = ? AND name = ?), ?, ?, ?)
          """,
          identity(sample.key) + [
            .integer(sample.at.milliseconds), .integer(sample.isOK ? 1 : 0),
            sample.milliseconds.map { .real($0) } ?? .null,
          ])
      }
    }
  }

  private func identity(_ key: ResourceKey) -> [SQLiteValue] { [scope, .text(key.kind.rawValue), .text(key.name)] }

  /// A row that cannot be decoded, for example after an upgrade, is ignored: the host is checked again.
  package func persistedHealth() throws -> [ResourceKey: PersistedHealth] {
    let rows = try run("SELECT kind, name, memory FROM watched WHERE instance = ? AND memory IS NOT NULL", [scope])
    return Dictionary(
      firstOf: rows.compactMap { row in
        let state: PersistedHealth? = try? StoredJSON.decoded(row[2].text, of: "the health of hosts")
        return state.map { (ResourceKey(ResourceKind(rawValue: row[0].text), row[1].text), $0) }
      })
  }

  package func summarise(at now: Timestamp) throws {
    try transaction { connection in
      for (width, _) in HealthRetention.summaries { try summarise(width, until: now, connection) }
      try drop(at: now, connection)
    }
  }

  /// Summaries are computed from stored rows, so that computing one again is harmless.
  private func summarise(_ width: Int, until now: Timestamp, _ connection: SQLiteConnection) throws {
    let span = Int64(width) * 1000
    let end = now.milliseconds / span * span
    let begin = try summarised(width, connection)
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

  /// Summaries exist up to this time, in milliseconds since 1970.
  private func summarised(_ width: Int, _ connection: SQLiteConnection) throws -> Int64 {
    Int64(
      try connection.run("SELECT until FROM summarised WHERE width = ?", [.integer(Int64(width))]).first?[0].int ?? 0)
  }

  private func drop(at now: Timestamp, _ connection: SQLiteConnection) throws {
    func old(_ seconds: Double) -> SQLiteValue { .integer((now - seconds).milliseconds) }
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

  package func checkStatistics(at now: Timestamp) throws -> [ResourceKey: CheckStatistics] {
    try transaction { connection in
      func before(_ seconds: Double) -> Int64 { (now - seconds).milliseconds }
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
      try addRest(to: &windows, connection)
      let hosts = try connection.run("SELECT number, kind, name FROM watched WHERE instance = ?", [scope])
      return Dictionary(
        firstOf: hosts.compactMap { row in
          windows[row[0].int].map { (ResourceKey(ResourceKind(rawValue: row[1].text), row[2].text), $0) }
        })
    }
  }

  /// Adds the hour that has no summary yet.
  private func addRest(to windows: inout [Int: CheckStatistics], _ connection: SQLiteConnection) throws {
    let begin = try summarised(HealthRetention.hour, connection)
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
