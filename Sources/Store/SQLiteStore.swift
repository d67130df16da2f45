package import Model
package import Platform
import SQLite

/// The store on disk. The actor is the guard of the connection.
package actor SQLiteStore: StateStore {
  /// For the store's own files alone.
  let connection: SQLiteConnection
  private let path: String

  /// Opens or creates the database; builds or migrates its tables.
  package init(path: String) throws {
    self.path = path
    connection = try SQLiteStore.mapped(path) {
      try Files.createDirectory(Files.parent(of: path), mode: 0o700)
      // Earlier configurations are in it; what SQLite lays beside it has the same permissions.
      try Files.create(path, mode: 0o600)
      let connection = try SQLiteConnection(path: path)
      let found = try connection.migrate(Schema.steps)
      if found > Schema.steps.count {
        throw StoreError(
          .storeNewer,
          "\(path) was written by a newer reconciler (schema \(found), this one knows \(Schema.steps.count))",
          hint: "update reconciler, or name another file with --state")
      }
      return connection
    }
  }

  package func boundNPM() throws -> String? {
    try mapped {
      guard case .text(let bound)? = try connection.run("SELECT npm FROM binding").first?.first else { return nil }
      return bound
    }
  }

  package func bind(npm: String) throws {
    _ = try mapped {
      try connection.run("INSERT INTO binding VALUES (1, ?) ON CONFLICT DO UPDATE SET npm = excluded.npm", [.text(npm)])
    }
  }

  package func fingerprintKey() throws -> [UInt8] {
    try mapped {
      let file = "\(path).key"
      let key = (0..<32).map { _ in UInt8.random(in: 0...255) }
      try Files.create(file, with: key, mode: 0o600)
      return try Files.read(file)
    }
  }

  package func ledger() throws -> [LedgerEntry] {
    try mapped {
      try connection.run(
        "SELECT \(LedgerRow.columns) FROM ledger ORDER BY kind, name"
      ).compactMap(LedgerRow.entry)
    }
  }

  package func forget(_ keys: [ResourceKey]) throws {
    try mapped { try connection.transaction { for key in keys { try update(key, .remove) } } }
  }

  package func remember(_ entries: [LedgerEntry]) throws {
    try mapped { try connection.transaction { for entry in entries { try update(entry.key, .put(entry)) } } }
  }

  package func beginRun(digest: String, commit: String?, at: Timestamp) throws -> Int {
    try mapped {
      try connection.run(
        "INSERT INTO runs (started_at, digest, commit_hash) VALUES (?, ?, ?)",
        [.real(at.seconds), .text(digest), commit.map { .text($0) } ?? .null])
      return Int(connection.lastInsertedRow)
    }
  }

  package func finishRun(_ number: Int, applied: Int, failed: Int, at: Timestamp) throws {
    _ = try mapped {
      try connection.run(
        "UPDATE runs SET finished_at = ?, applied = ?, failed = ? WHERE number = ?",
        [.real(at.seconds), .integer(Int64(applied)), .integer(Int64(failed)), .integer(Int64(number))])
    }
  }

  package func runs(limit: Int) throws -> [RunRecord] {
    try mapped {
      try connection.run(
        "SELECT number, started_at, finished_at, digest, applied, failed, commit_hash FROM runs ORDER BY number DESC LIMIT ?",
        [.integer(Int64(limit))]
      ).map { row in
        RunRecord(
          number: row[0].int, startedAt: Timestamp(seconds: row[1].real),
          finishedAt: row[2] == .null ? nil : Timestamp(seconds: row[2].real), digest: row[3].text,
          applied: row[4].int, failed: row[5].int, commit: row[6] == .null ? nil : row[6].text)
      }
    }
  }

  package func begin(_ change: ChangeIntent, claim: LedgerUpdate) throws -> Int {
    try mapped {
      try connection.transaction {
        try connection.run(
          "INSERT INTO journal (\(HistoryRow.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          try HistoryRow.values(change))
        let number = Int(connection.lastInsertedRow)
        try update(change.key, claim)
        return number
      }
    }
  }

  package func settle(_ intent: Int, _ record: ChangeRecord, ledger: LedgerUpdate, at: Timestamp) throws {
    try mapped {
      try connection.transaction {
        try connection.run(
          "UPDATE journal SET settled_at = ?, outcome = ?, error = ? WHERE number = ?",
          [
            .real(at.seconds), .text(record.status.rawValue), record.error.map { .text($0) } ?? .null,
            .integer(Int64(intent)),
          ])
        try update(record.key, ledger)
      }
    }
  }

  package func openIntents() throws -> [Intent] {
    try mapped {
      try connection.run(
        "SELECT number, run, kind, name, action, begun_at FROM journal WHERE settled_at IS NULL ORDER BY number"
      ).map { row in
        Intent(
          number: row[0].int, run: row[1].int, key: ResourceKey(ResourceKind(rawValue: row[2].text), row[3].text),
          action: row[4].text, at: Timestamp(seconds: row[5].real))
      }
    }
  }

  package func abandon(_ intent: Int, at: Timestamp) throws {
    _ = try mapped {
      try connection.run(
        "UPDATE journal SET settled_at = ?, outcome = 'interrupted' WHERE number = ?",
        [.real(at.seconds), .integer(Int64(intent))])
    }
  }

  package func history(after run: Int) throws -> [HistoryEntry] {
    try mapped {
      try connection.run(
        """
        SELECT \(HistoryRow.columns), outcome FROM journal WHERE run > ? ORDER BY number DESC
        """, [.integer(Int64(run))]
      ).compactMap(HistoryRow.change)
    }
  }

  package func dropHistory(before time: Timestamp) throws {
    let old = "started_at < ? AND number < (SELECT max(number) FROM runs)"
    try mapped {
      try connection.transaction {
        try connection.run(
          "DELETE FROM journal WHERE run IN (SELECT number FROM runs WHERE \(old))", [.real(time.seconds)])
        try connection.run("DELETE FROM runs WHERE \(old)", [.real(time.seconds)])
      }
    }
  }

  package func recordRequest(_ names: [String], at: Timestamp) throws -> Int {
    try mapped {
      try connection.run(
        "INSERT INTO requests (names, at, open) VALUES (?, ?, 1)",
        [.text(names.joined(separator: " ")), .real(at.seconds)])
      return Int(connection.lastInsertedRow)
    }
  }

  package func closeRequest(_ number: Int) throws {
    _ = try mapped { try connection.run("UPDATE requests SET open = 0 WHERE number = ?", [.integer(Int64(number))]) }
  }

  package func openRequests() throws -> [CertificateRequest] {
    try mapped {
      try connection.run("SELECT number, names, at FROM requests WHERE open = 1").map { row in
        CertificateRequest(
          number: row[0].int, names: Set(row[1].text.split(separator: " ").map(String.init)),
          at: Timestamp(seconds: row[2].real))
      }
    }
  }

  package func requests(since: Timestamp) throws -> [[String]] {
    try mapped {
      try connection.run("SELECT names FROM requests WHERE at >= ?", [.real(since.seconds)]).map { row in
        row[0].text.split(separator: " ").map(String.init)
      }
    }
  }

  package func claim(_ newcomer: LeaseHolder) throws -> LeaseResult {
    try mapped {
      try connection.transaction {
        let row = try connection.run("SELECT owner, process, host, since, heartbeat FROM writer").first
        let old = row.map(WriterRow.writer)
        if let old, old.keepsOut(newcomer) { return .held(old) }
        try connection.run("INSERT OR REPLACE INTO writer VALUES (1, ?, ?, ?, ?, ?)", WriterRow.values(newcomer))
        return old.map { .takenOver($0) } ?? .free
      }
    }
  }

  package func beat(_ writer: LeaseHolder, at: Timestamp) throws {
    _ = try mapped {
      try connection.run(
        "UPDATE writer SET heartbeat = ? WHERE process = ? AND host = ? AND since = ?",
        [.real(at.seconds)] + WriterRow.identity(writer))
    }
  }

  package func release(_ writer: LeaseHolder) throws {
    _ = try mapped {
      try connection.run(
        "DELETE FROM writer WHERE process = ? AND host = ? AND since = ?", WriterRow.identity(writer))
    }
  }

  package func append(_ event: Event, at: Timestamp) throws {
    _ = try mapped {
      try connection.run(
        """
        INSERT INTO events (at, severity, source, subject, reason, message, run, correlation, data)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          .real(at.seconds), .text(event.severity.rawValue), .text(event.source), .text(event.subject),
          .text(event.reason), .text(event.message), event.run.map { .integer(Int64($0)) } ?? .null,
          event.correlation.map { .text($0) } ?? .null,
          event.data.isNull ? .null : .text(try LedgerRow.encoded(event.data)),
        ])
    }
  }

  package func events(_ filter: EventFilter) throws -> [RecordedEvent] {
    var conditions = ["at >= ?"]
    var values: [SQLiteValue] = [.real(filter.since?.seconds ?? 0)]
    func isOneOf(_ column: String, _ words: [String]) {
      guard !words.isEmpty else { return }
      conditions.append("\(column) IN (\(words.map { _ in "?" }.joined(separator: ", ")))")
      values += words.map { .text($0) }
    }
    isOneOf("severity", filter.severities.map(\.rawValue).sorted())
    isOneOf("source", filter.sources.sorted())
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
      WHERE \(conditions.joined(separator: " AND ")) ORDER BY number DESC LIMIT ?
      """
    return try mapped { try connection.run(sql, values).reversed().compactMap(EventRow.event) }
  }

  private func update(_ key: ResourceKey, _ update: LedgerUpdate) throws {
    switch update {
    case .keep: break
    case .put(let entry):
      try connection.run(
        "INSERT OR REPLACE INTO ledger (\(LedgerRow.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        try LedgerRow.values(entry))
    case .remove:
      try connection.run("DELETE FROM ledger WHERE kind = ? AND name = ?", [.text(key.kind.rawValue), .text(key.name)])
    case .rename(let old, let entry):
      try self.update(old, .remove)
      try self.update(entry.key, .put(entry))
    }
  }

  func mapped<Result>(_ body: () throws -> Result) throws -> Result { try Self.mapped(path, body) }

  /// SQLite's and the file system's errors in the store's words.
  private static func mapped<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as SQLiteError {
      throw StoreError.from(error, path: path)
    } catch let error as FileError {
      throw StoreError(.storeUnreadable, "\(error)", hint: "name another file with --state")
    }
  }
}

extension StoreError {
  fileprivate static func from(_ error: SQLiteError, path: String) -> StoreError {
    switch error.code {
    case .corrupt, .notADatabase:
      StoreError(
        .storeCorrupt, "\(path) is damaged: \(error.message)",
        hint: "move it away and run once with --rebuild-ledger: the markers in NPM tell what is ours")
    case .full: StoreError(.storeFull, "\(path) cannot be written: \(error.message)", hint: "make room on the disk")
    case .readOnly, .cannotOpen:
      StoreError(.storeUnreadable, "\(path) cannot be written: \(error.message)", hint: "check its permissions")
    case .busy:
      StoreError(.storeUnreadable, "\(path) is in use by another program", hint: "wait for it, or end it")
    default: StoreError(.storeUnreadable, "\(path): \(error.message)")
    }
  }
}
