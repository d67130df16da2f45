package import Model
import SQLite

extension SQLiteStore: LeaseStore {
  package func acquire(_ holder: LeaseHolder) throws -> LeaseResult {
    try transaction { connection in
      let columns = "owner, process, host, since, heartbeat"
      let row = try connection.run("SELECT \(columns) FROM lease WHERE instance = ?", [scope]).first
      let old = row.map(LeaseRow.holder)
      if let old, old.keepsOut(holder) { return .held(old) }
      try connection.run(
        "INSERT OR REPLACE INTO lease (instance, \(columns)) VALUES (?, ?, ?, ?, ?, ?)",
        [scope] + LeaseRow.values(holder))
      return old.map { .takenOver($0) } ?? .free
    }
  }

  package func renew(_ holder: LeaseHolder, at: Timestamp) throws {
    try run(
      "UPDATE lease SET heartbeat = ? WHERE instance = ? AND process = ? AND host = ? AND since = ?",
      [.real(at.seconds), scope] + LeaseRow.identity(holder))
  }

  package func release(_ holder: LeaseHolder) throws {
    try run(
      "DELETE FROM lease WHERE instance = ? AND process = ? AND host = ? AND since = ?",
      [scope] + LeaseRow.identity(holder))
  }
}

private enum LeaseRow {
  static func holder(_ row: [SQLiteValue]) -> LeaseHolder {
    LeaseHolder(
      owner: row[0].text, process: row[1].int, host: row[2].text, since: Timestamp(seconds: row[3].real),
      heartbeat: Timestamp(seconds: row[4].real))
  }

  static func values(_ holder: LeaseHolder) -> [SQLiteValue] {
    [
      .text(holder.owner), .integer(Int64(holder.process)), .text(holder.host), .real(holder.since.seconds),
      .real(holder.heartbeat.seconds),
    ]
  }

  static func identity(_ holder: LeaseHolder) -> [SQLiteValue] {
    [.integer(Int64(holder.process)), .text(holder.host), .real(holder.since.seconds)]
  }
}
