package import Model
import SQLite

extension SQLiteStore: RunStore {
  package func beginRun(digest: String, commit: String?, at: Timestamp) throws -> Int {
    try transaction { connection in
      try connection.run(
        "INSERT INTO runs (instance, started_at, digest, commit_hash) VALUES (?, ?, ?, ?)",
        [scope, .real(at.seconds), .text(digest), commit.map { .text($0) } ?? .null])
      return Int(connection.lastInsertedRow)
    }
  }

  package func finishRun(_ number: Int, applied: Int, failed: Int, at: Timestamp) throws {
    try run(
      "UPDATE runs SET finished_at = ?, applied = ?, failed = ? WHERE number = ?",
      [.real(at.seconds), .integer(Int64(applied)), .integer(Int64(failed)), .integer(Int64(number))])
  }

  package func runs(before number: Int?, limit: Int) throws -> [RunRecord] {
    try run(
      """
      SELECT number, started_at, finished_at, digest, applied, failed, commit_hash FROM runs
      WHERE instance = ? AND number < ? ORDER BY number DESC LIMIT ?
      """, [scope, .integer(number.map { Int64($0) } ?? .max), .integer(Int64(limit))]
    ).map { row in
      RunRecord(
        number: row[0].int, startedAt: Timestamp(seconds: row[1].real),
        finishedAt: row[2] == .null ? nil : Timestamp(seconds: row[2].real), digest: row[3].text,
        applied: row[4].int, failed: row[5].int, commit: row[6] == .null ? nil : row[6].text)
    }
  }

  package func history(after run: Int) throws -> [HistoryEntry] {
    try self.run(
      """
      SELECT \(HistoryRow.columns), outcome FROM journal
      WHERE run > ? AND run IN (SELECT number FROM runs WHERE instance = ?) ORDER BY number DESC
      """, [.integer(Int64(run)), scope]
    ).compactMap(HistoryRow.change)
  }

  package func dropHistory(before time: Timestamp) throws {
    let old = "instance = ? AND started_at < ? AND number < (SELECT max(number) FROM runs WHERE instance = ?)"
    let values = [scope, .real(time.seconds), scope]
    try transaction { connection in
      try connection.run("DELETE FROM journal WHERE run IN (SELECT number FROM runs WHERE \(old))", values)
      try connection.run("DELETE FROM runs WHERE \(old)", values)
    }
  }
}
