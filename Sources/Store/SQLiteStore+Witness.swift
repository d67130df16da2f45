package import Model
import SQLite

/// What later passes need to know of how NPM showed our writes.
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
      guard case .integer(let counts)? = try witness("counts", npm) else { return nil }
      return counts != 0
    }
  }

  package func setReloadWitness(_ counts: Bool, of npm: String) throws {
    _ = try mapped {
      try connection.run(
        "INSERT INTO reload_witness (npm, counts) VALUES (?, ?) ON CONFLICT DO UPDATE SET counts = excluded.counts",
        [.text(npm), .integer(counts ? 1 : 0)])
    }
  }

  package func unprovenChange(of npm: String) throws -> String? {
    try mapped {
      guard case .text(let change)? = try witness("unproven", npm) else { return nil }
      return change
    }
  }

  package func setUnprovenChange(_ change: String?, of npm: String) throws {
    _ = try mapped {
      try connection.run(
        "INSERT INTO reload_witness (npm, unproven) VALUES (?, ?) ON CONFLICT DO UPDATE SET unproven = excluded.unproven",
        [.text(npm), change.map { .text($0) } ?? .null])
    }
  }

  private func witness(_ column: String, _ npm: String) throws -> SQLiteValue? {
    try connection.run("SELECT \(column) FROM reload_witness WHERE npm = ?", [.text(npm)]).first?.first
  }
}
