/// A failed SQLite call: its primary result code and message. It never contains bound values.
package struct SQLiteError: Error, Equatable, CustomStringConvertible {
  /// Primary result codes, https://sqlite.org/rescode.html.
  package enum Code: Equatable, Sendable {
    case busy, readOnly, full, corrupt, notADatabase, cannotOpen, constraint, other(Int32)
  }
  package var code: Code
  package var message: String

  package var description: String { message }
}
