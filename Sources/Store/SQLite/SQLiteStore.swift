package import Model
import Platform
import SQLite

/// The stores of one instance in a database on disk. Each concern has its part beside its protocol.
///
/// The actor runs on the queue of its database: no call of SQLite's blocks the threads that Swift's tasks share.
package actor SQLiteStore {
  nonisolated let database: SQLiteDatabase
  /// The value of the columns `instance`.
  nonisolated let scope: SQLiteValue

  package nonisolated var unownedExecutor: UnownedSerialExecutor { database.executor.asUnownedSerialExecutor() }

  init(_ database: SQLiteDatabase, _ instance: InstanceID) {
    self.database = database
    scope = .text(instance.rawValue)
  }

  /// Opens or creates the database; builds or migrates its tables.
  ///
  /// - Throws: `StoreError`.
  package init(path: String, instance: InstanceID = .default) throws {
    self.init(try SQLiteDatabase(path: path), instance)
  }

  @discardableResult
  func run(_ sql: String, _ values: [SQLiteValue] = []) throws -> [[SQLiteValue]] {
    try database.mapped { try database.connection.run(sql, values) }
  }

  /// All of `body` or nothing of it.
  func transaction<Result>(_ body: (SQLiteConnection) throws -> Result) throws -> Result {
    try database.mapped { try database.connection.transaction { try body(database.connection) } }
  }
}
