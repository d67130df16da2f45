package import Model
import SQLite

extension SQLiteStore: DestinationStore {
  package func put(destinations: [String], of key: ResourceKey) throws {
    let place: [SQLiteValue] = [scope, .text(key.kind.rawValue), .text(key.name)]
    guard !destinations.isEmpty else {
      try run("DELETE FROM api_destinations WHERE instance = ? AND kind = ? AND name = ?", place)
      return
    }
    try run(
      "INSERT OR REPLACE INTO api_destinations (instance, kind, name, destinations) VALUES (?, ?, ?, ?)",
      place + [.text(try StoredJSON.encoded(destinations))])
  }

  package func givenDestinations() throws -> [ResourceKey: [String]] {
    let rows = try run("SELECT kind, name, destinations FROM api_destinations WHERE instance = ?", [scope])
    return try rows.reduce(into: [:]) { found, row in
      let key = ResourceKey(ResourceKind(rawValue: row[0].text), row[1].text)
      found[key] = try StoredJSON.decoded(row[2].text, of: "api_destinations")
    }
  }
}
