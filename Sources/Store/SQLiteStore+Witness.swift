package import Model
import SQLite

/// What later laps need to know of how NPM showed our writes.
extension SQLiteStore {
  package func noteRewrite(_ object: ObjectRef, modifiedOn: String) throws {
    _ = try mapped {
      try connection.run(
        "UPDATE ledger SET modified_on = ? WHERE kind = ? AND npm_id = ?",
        [.text(modifiedOn), .text(object.kind.rawValue), .integer(Int64(object.id.number))])
    }
  }

  package func reloadWitness(of npm: String) throws -> Bool? {
    try mapped {
      try connection.run("SELECT counts FROM reload_witness WHERE npm = ?", [.text(npm)]).first.map { $0[0].int != 0 }
    }
  }

  package func setReloadWitness(_ counts: Bool, of npm: String) throws {
    _ = try mapped {
      try connection.run(
        "INSERT OR REPLACE INTO reload_witness VALUES (?, ?)", [.text(npm), .integer(counts ? 1 : 0)])
    }
  }
}
