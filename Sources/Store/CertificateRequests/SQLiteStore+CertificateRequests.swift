package import Model
import SQLite

extension SQLiteStore: CertificateRequestStore {
  package func recordRequest(_ names: [String], at: Timestamp) throws -> Int {
    try transaction { connection in
      try connection.run(
        "INSERT INTO requests (instance, names, at, open) VALUES (?, ?, ?, 1)",
        [scope, .text(names.joined(separator: " ")), .real(at.seconds)])
      return Int(connection.lastInsertedRow)
    }
  }

  package func closeRequest(_ number: Int) throws {
    try run("UPDATE requests SET open = 0 WHERE number = ?", [.integer(Int64(number))])
  }

  package func openRequests() throws -> [CertificateRequest] {
    try run("SELECT number, names, at FROM requests WHERE open = 1 AND instance = ?", [scope]).map { row in
      CertificateRequest(
        number: row[0].int, names: Set(row[1].text.split(separator: " ").map(String.init)),
        at: Timestamp(seconds: row[2].real))
    }
  }

  package func requests(since: Timestamp) throws -> [[String]] {
    try run("SELECT names FROM requests WHERE at >= ? AND instance = ?", [.real(since.seconds), scope]).map { row in
      row[0].text.split(separator: " ").map(String.init)
    }
  }
}
