package import Model
import Platform
import SQLite

/// The stores of one instance in a database on disk. Each concern is implemented beside its protocol.
///
/// The actor runs on the queue of its database: SQLite never blocks the threads of Swift's concurrency pool.
package actor SQLiteStore {
  nonisolated let database: SQLiteDatabase
  /// The value of the `instance` columns.
  nonisolated let scope: SQLiteValue

  package nonisolated var unownedExecutor: UnownedSerialExecutor { database.executor.asUnownedSerialExecutor() }

  init(_ database: SQLiteDatabase, _ instance: InstanceID) {
    self.database = database
    scope = .text(instance.rawValue)
  }

  /// Opens or creates the database; creates or migrates its tables.
  ///
  /// - Throws: `StoreError`.
  package init(path: String, instance: InstanceID = .default) throws {
    self.init(try SQLiteDatabase(path: path), instance)
  }

  @discardableResult
  func run(_ sql: String, _ values: [SQLiteValue] = []) throws -> [[SQLiteValue]] {
    try database.mapped { try database.connection.run(sql, values) }
  }

  /// Runs `body` atomically.
  func transaction<Result>(_ body: (SQLiteConnection) throws -> Result) throws -> Result {
    try database.mapped { try database.connection.transaction { try body(database.connection) } }
  }
}
