import CLibSQLite

/// A value in a column or bound to a parameter.
package enum SQLiteValue: Equatable, Sendable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
}

/// One open database. Not thread-safe: the actor that owns it serialises access.
package final class SQLiteConnection {
  private let handle: OpaquePointer
  private var statements: [String: OpaquePointer] = [:]

  /// Opens or creates the database at `path` in WAL mode with full synchronisation: committed data survives a power
  /// loss.
  package init(path: String, busyMilliseconds: Int32 = 5000) throws {
    var handle: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
    let code = sqlite3_open_v2(path, &handle, flags, nil)
    guard code == SQLITE_OK, let handle else {
      defer { sqlite3_close_v2(handle) }
      throw SQLiteConnection.error(code, handle)
    }
    self.handle = handle
    sqlite3_extended_result_codes(handle, 0)
    sqlite3_busy_timeout(handle, busyMilliseconds)
    for pragma in ["synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF", "secure_delete=FAST"] {
      try run("PRAGMA \(pragma)")
    }
    try useWAL(until: .now + .milliseconds(Int(busyMilliseconds)))
  }

  /// The switch to WAL needs exclusive access and SQLite's busy timeout does not cover it: when two programs switch at
  /// once, one of them retries until it sees the mode set.
  private func useWAL(until deadline: ContinuousClock.Instant) throws {
    while try run("PRAGMA journal_mode").first?.first != .text("wal") {
      do {
        try run("PRAGMA journal_mode=WAL")
      } catch let error as SQLiteError where error.code == .busy && ContinuousClock.now < deadline {
        continue
      }
    }
  }

  deinit {
    for statement in statements.values { sqlite3_finalize(statement) }
    sqlite3_close_v2(handle)
  }

  /// Runs one statement; returns its rows, each a value per column.
  @discardableResult
  package func run(_ sql: String, _ values: [SQLiteValue] = []) throws -> [[SQLiteValue]] {
    var rows: [[SQLiteValue]] = []
    try each(sql, values) { rows.append($0) }
    return rows
  }

  /// Runs one statement and passes its rows to `body` one by one, without holding all of them in memory.
  package func each(_ sql: String, _ values: [SQLiteValue] = [], _ body: ([SQLiteValue]) throws -> Void) throws {
    let statement = try prepare(sql)
    defer {
      sqlite3_reset(statement)
      sqlite3_clear_bindings(statement)
    }
    for (index, value) in values.enumerated() { try bind(statement, Int32(index + 1), value) }
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW: try body((0..<sqlite3_column_count(statement)).map { column(statement, $0) })
      case SQLITE_DONE: return
      case let code: throw SQLiteConnection.error(code, handle)
      }
    }
  }

  /// Runs several statements separated by semicolons.
  package func script(_ sql: String) throws {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw SQLiteConnection.error(code, handle) }
  }

  /// Commits all of `body` or nothing.
  package func transaction<Result>(_ body: () throws -> Result) throws -> Result {
    try run("BEGIN IMMEDIATE")
    do {
      let result = try body()
      try run("COMMIT")
      return result
    } catch {
      _ = try? run("ROLLBACK")
      throw error
    }
  }

  package var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

  /// Migrates the schema to version `steps.count`, one transaction per step; `user_version` stores the version.
  ///
  /// - Returns: the version found, which may be larger than `steps.count`.
  package func migrate(_ steps: [String]) throws -> Int {
    let found = try version()
    for step in found..<max(found, steps.count) {
      try transaction {
        // Another program may have applied this step while this one waited.
        guard try version() == step else { return }
        try script(steps[step])
        try script("PRAGMA user_version = \(step + 1)")
      }
    }
    return found
  }

  /// Removes what was deleted from the file and the log, unless another program is using them just now.
  package func purge() {
    _ = try? run("VACUUM")
    _ = try? run("PRAGMA wal_checkpoint(TRUNCATE)")
  }

  private func version() throws -> Int {
    guard case .integer(let number)? = try run("PRAGMA user_version").first?.first else { return 0 }
    return Int(number)
  }

  private func prepare(_ sql: String) throws -> OpaquePointer {
    if let cached = statements[sql] { return cached }
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard code == SQLITE_OK, let statement else { throw SQLiteConnection.error(code, handle) }
    statements[sql] = statement
    return statement
  }

  private func bind(_ statement: OpaquePointer, _ index: Int32, _ value: SQLiteValue) throws {
    let code =
      switch value {
      case .null: sqlite3_bind_null(statement, index)
      case .integer(let number): sqlite3_bind_int64(statement, index, number)
      case .real(let number): sqlite3_bind_double(statement, index, number)
      case .text(let text): shim_bind_text(statement, index, text, Int32(text.utf8.count))
      }
    guard code == SQLITE_OK else { throw SQLiteConnection.error(code, handle) }
  }

  private func column(_ statement: OpaquePointer, _ index: Int32) -> SQLiteValue {
    switch sqlite3_column_type(statement, index) {
    case SQLITE_INTEGER: .integer(sqlite3_column_int64(statement, index))
    case SQLITE_FLOAT: .real(sqlite3_column_double(statement, index))
    case SQLITE_NULL: .null
    default: .text(sqlite3_column_text(statement, index).map { String(cString: $0) } ?? "")
    }
  }

  private static func error(_ code: Int32, _ handle: OpaquePointer?) -> SQLiteError {
    let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
    let closed: SQLiteError.Code =
      switch code & 0xff {
      case SQLITE_BUSY, SQLITE_LOCKED: .busy
      case SQLITE_READONLY: .readOnly
      case SQLITE_FULL, SQLITE_IOERR: .full
      case SQLITE_CORRUPT: .corrupt
      case SQLITE_NOTADB: .notADatabase
      case SQLITE_CANTOPEN: .cannotOpen
      case SQLITE_CONSTRAINT: .constraint
      default: .other(code)
      }
    return SQLiteError(code: closed, message: message)
  }
}
