package import Model
import SQLite

extension SQLiteStore: LedgerStore {
  package func entries() throws -> [LedgerEntry] {
    try run(
      "SELECT \(LedgerRow.columns) FROM ledger WHERE instance = ? ORDER BY kind, name", [scope]
    ).compactMap(LedgerRow.entry)
  }

  package func remove(_ keys: [ResourceKey]) throws {
    try transaction { for key in keys { try update(key, .remove, $0) } }
  }

  package func put(_ entries: [LedgerEntry]) throws {
    guard !entries.isEmpty else { return }
    try transaction { for entry in entries { try update(entry.key, .put(entry), $0) } }
  }

  package func recordRewrite(of object: ObjectRef, modifiedOn: String) throws {
    try run(
      "UPDATE ledger SET modified_on = ? WHERE instance = ? AND kind = ? AND npm_id = ?",
      [.text(modifiedOn), scope, .text(object.kind.rawValue), .integer(Int64(object.id.number))])
  }

  package func begin(_ change: ChangeIntent, claim: LedgerUpdate) throws -> Int {
    try transaction { connection in
      try connection.run(
        "INSERT INTO journal (\(HistoryRow.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        try HistoryRow.values(change))
      let number = Int(connection.lastInsertedRow)
      try update(change.key, claim, connection)
      return number
    }
  }

  package func complete(
    _ intent: Int, _ record: ChangeRecord, ledger: LedgerUpdate, event: Event, at: Timestamp
  ) throws {
    try transaction { connection in
      try connection.run(
        "UPDATE journal SET settled_at = ?, outcome = ?, error = ? WHERE number = ?",
        [
          .real(at.seconds), .text(record.status.rawValue), record.error.map { .text($0) } ?? .null,
          .integer(Int64(intent)),
        ])
      try update(record.key, ledger, connection)
      try append(event, at, connection)
    }
  }

  package func openIntents() throws -> [Intent] {
    try run(
      """
      SELECT j.number, j.run, j.kind, j.name, j.action, j.begun_at FROM journal j JOIN runs r ON r.number = j.run
      WHERE j.settled_at IS NULL AND r.instance = ? ORDER BY j.number
      """, [scope]
    ).map { row in
      Intent(
        number: row[0].int, run: row[1].int, key: ResourceKey(ResourceKind(rawValue: row[2].text), row[3].text),
        action: row[4].text, at: Timestamp(seconds: row[5].real))
    }
  }

  package func abandon(_ intent: Int, at: Timestamp) throws {
    try run(
      "UPDATE journal SET settled_at = ?, outcome = 'interrupted' WHERE number = ?",
      [.real(at.seconds), .integer(Int64(intent))])
  }

  private func update(_ key: ResourceKey, _ update: LedgerUpdate, _ connection: SQLiteConnection) throws {
    switch update {
    case .keep: break
    case .put(let entry):
      try connection.run(
        "INSERT OR REPLACE INTO ledger (instance, \(LedgerRow.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [scope] + (try LedgerRow.values(entry)))
    case .remove:
      try connection.run(
        "DELETE FROM ledger WHERE instance = ? AND kind = ? AND name = ?",
        [scope, .text(key.kind.rawValue), .text(key.name)])
    case .rename(let old, let entry):
      try self.update(old, .remove, connection)
      try self.update(entry.key, .put(entry), connection)
    }
  }
}
