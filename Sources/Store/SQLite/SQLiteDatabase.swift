package import Model
import Platform
import SQLite

/// One open database, and the only queue on which it is used.
///
/// `@unchecked Sendable`: the connection is used only by actors that run on `executor`.
final class SQLiteDatabase: @unchecked Sendable {
  let path: String
  let executor = QueueExecutor("store")
  /// The file when it was opened: it may be replaced later.
  let file: FileIdentity?
  let connection: SQLiteConnection
  private let failed = Lock(false)

  init(path: String) throws {
    self.path = path
    connection = try Self.mapped(path) {
      try Files.createDirectory(Files.parent(of: path), mode: 0o700)
      // It holds earlier configurations; the files that SQLite creates beside it get the same permissions.
      try Files.create(path, mode: 0o600)
      let connection = try SQLiteConnection(path: path)
      let found = try connection.migrate(Schema.steps)
      if found > Schema.steps.count {
        throw StoreError(
          .storeNewer,
          "\(path) was written by a newer reconciler (schema \(found), this one knows \(Schema.steps.count))",
          hint: "update reconciler, or name another file with --state")
      }
      // Nothing that a migration removed stays in free space or in the log.
      if found > 0 && found < Schema.steps.count { connection.purge() }
      return connection
    }
    file = Files.identity(path)
  }

  /// Whether it is still usable: no failure other than a busy timeout, and the file has not been replaced.
  var isUsable: Bool { !failed.withLock { $0 } && file != nil && Files.identity(path) == file }

  func mapped<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try Self.mapped(path, body)
    } catch {
      failed.withLock { $0 = true }
      throw error
    }
  }

  /// Maps errors of SQLite and of the file system to `StoreError`.
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

/// Opens one database, keeps it open, and reopens it after a failure or when the file was replaced.
package actor SQLiteStoreProvider: StoreProvider {
  private let path: String
  private let executor = QueueExecutor("store-files")
  private var database: SQLiteDatabase?

  /// Its own queue: to look at a file may take as long as its disk likes.
  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  package init(path: String) { self.path = path }

  package func stores(of instance: InstanceID) throws -> StoreSet {
    if let database, database.isUsable { return StoreSet(SQLiteStore(database, instance)) }
    database = nil
    let opened = try SQLiteDatabase(path: path)
    database = opened
    return StoreSet(SQLiteStore(opened, instance))
  }
}

extension StoreError {
  fileprivate static func from(_ error: SQLiteError, path: String) -> StoreError {
    switch error.code {
    case .corrupt, .notADatabase:
      StoreError(
        .storeCorrupt, "\(path) is damaged: \(error.message)",
        hint: "move it away and run once with --rebuild-ledger: the markers in NPM show what is ours")
    case .full: StoreError(.storeFull, "\(path) cannot be written: \(error.message)", hint: "free space on the disk")
    case .readOnly, .cannotOpen:
      StoreError(.storeUnreadable, "\(path) cannot be written: \(error.message)", hint: "check its permissions")
    case .busy:
      StoreError(.storeUnreadable, "\(path) is in use by another program", hint: "wait for it, or end it")
    default: StoreError(.storeUnreadable, "\(path): \(error.message)")
    }
  }
}
