import Foundation
import Model
import Platform
import TestSupport
import Testing

/// Export, adopt and diff on the final state of each recorded session of a real NPM: a state as after years of use.
@Suite struct RoundTripTests {
  private static let recordings: [(version: String, file: String)] =
    [("2.15.1", "recordings"), ("2.12.6", "recordings-2.12.6")].flatMap { version, folder in
      ((try? Files.below("\(Fixtures.directory)/\(folder)").files) ?? []).map { (version, $0) }
    }

  private static let kinds = [
    "proxy-hosts", "redirection-hosts", "dead-hosts", "streams", "access-lists?expand=items,clients", "certificates",
  ]

  /// All rows that NPM returns, without members that adoption may change.
  private func everything(_ npm: SimulatedNPM) async throws -> [String: JSONValue] {
    var rows: [String: JSONValue] = [:]
    for kind in Self.kinds {
      for row in try await npm.asAdmin("GET", "/api/nginx/\(kind)").arrayValue ?? [] {
        var members = row.objectValue ?? [:]
        for name in ["meta", "modified_on"] { members[name] = nil }
        rows["\(kind.prefix { $0 != "?" })/\(row["id"].intValue ?? 0)"] = .object(members)
      }
    }
    return rows
  }

  @Test(arguments: recordings.map { "\($0.version) \($0.file)" })
  func `what a session leaves is exported, adopted and in sync, or each exception is named`(recording: String)
    async throws
  {
    let parts = recording.split(separator: " ", maxSplits: 1).map(String.init)
    let replay = try Replay(parts[1], version: parts[0])
    try await replay.run()
    let npm = replay.server
    defer { Task { try? await npm.stop() } }
    guard try await !npm.token().isEmpty else { return }
    try await npm.nginx("ok")
    var place = try Workplace(npm)
    let exported = try await place.run("export", "--out", "desired", "-o", "json")
    #expect(exported.exit == 0, "\(exported.output)\(exported.errors)")
    for file in try Files.below("\(place.scratch.path)/desired").files {
      for word in try scratchText(file).split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" })
      where word.hasPrefix("RECONCILER_") || word.hasPrefix("SECRET_")
        || word == word.uppercased() && word.contains("_")
      {
        place.variables[String(word)] = "secret-word"
      }
    }
    let before = try await everything(npm)
    let adopted = try await place.run("adopt", "--all", "--yes", "-o", "json")
    #expect([0, 4].contains(adopted.exit), "\(adopted.output)\(adopted.errors)")
    let after = try await everything(npm)
    for (key, row) in before { #expect(after[key] == row, "\(key): \(row) became \(after[key] ?? .null)") }
    let diff = try await place.run("diff", "--exit-code", "-o", "json")
    let open = diff.json["changes"].arrayValue ?? []
    let unexplained = open.filter { $0["action"] != "blocked" || $0["reason"]["hint"].stringValue?.isEmpty != false }
    #expect(unexplained.isEmpty, "\(unexplained)")
    #expect(diff.exit == (open.isEmpty ? 0 : 2), "\(diff.errors)")
  }

  private func scratchText(_ file: String) throws -> String { String(decoding: try Files.read(file), as: UTF8.self) }
}
