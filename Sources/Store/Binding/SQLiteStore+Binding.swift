import Platform
import SQLite

extension SQLiteStore: BindingStore {
  package func boundNPM() throws -> String? {
    guard case .text(let bound)? = try run("SELECT npm FROM binding WHERE instance = ?", [scope]).first?.first else {
      return nil
    }
    return bound
  }

  package func bind(npm: String) throws {
    try run(
      "INSERT INTO binding (instance, npm) VALUES (?, ?) ON CONFLICT DO UPDATE SET npm = excluded.npm",
      [scope, .text(npm)])
  }

  package func fingerprintKey() throws -> [UInt8] {
    try database.mapped {
      let file = "\(database.path).key"
      let key = (0..<32).map { _ in UInt8.random(in: 0...255) }
      try Files.create(file, with: key, mode: 0o600)
      return try Files.read(file)
    }
  }

  package func reloadWitness(of npm: String) throws -> Bool? {
    guard case .integer(let counts)? = try witness("counts", npm) else { return nil }
    return counts != 0
  }

  package func setReloadWitness(_ counts: Bool, of npm: String) throws {
    try run(
      "INSERT INTO reload_witness (npm, counts) VALUES (?, ?) ON CONFLICT DO UPDATE SET counts = excluded.counts",
      [.text(npm), .integer(counts ? 1 : 0)])
  }

  package func unprovenChange(of npm: String) throws -> String? {
    guard case .text(let change)? = try witness("unproven", npm) else { return nil }
    return change
  }

  package func setUnprovenChange(_ change: String?, of npm: String) throws {
    try run(
      "INSERT INTO reload_witness (npm, unproven) VALUES (?, ?) ON CONFLICT DO UPDATE SET unproven = excluded.unproven",
      [.text(npm), change.map { .text($0) } ?? .null])
  }

  private func witness(_ column: String, _ npm: String) throws -> SQLiteValue? {
    try run("SELECT \(column) FROM reload_witness WHERE npm = ?", [.text(npm)]).first?.first
  }
}
