import Foundation
import Model
import Platform
import TestSupport
import Testing

/// The status files have exactly the members in docs/status-files.md.
@Suite struct StatusFilesTests {
  /// The paths of all leaf members, as `drift[].fields[].path`.
  private func paths(_ value: JSONValue, _ prefix: String = "") -> Set<String> {
    switch value {
    case .object(let members):
      members.reduce(into: []) { found, member in
        found.formUnion(paths(member.value, prefix.isEmpty ? member.key : "\(prefix).\(member.key)"))
      }
    case .array(let items): items.reduce(into: []) { $0.formUnion(paths($1, "\(prefix)[]")) }
    default: [prefix]
    }
  }

  /// The members in the documentation of a file.
  private func documented(_ file: String) throws -> Set<String> {
    let page = String(decoding: try Files.read(Fixtures.project + "/docs/status-files.md"), as: UTF8.self)
    let section = page.components(separatedBy: "\n## ").first { $0.hasPrefix("`\(file)`") } ?? ""
    let cells = section.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { $0.split(separator: "|")[0] }
    return Set(cells.flatMap { $0.split(separator: "`").filter { $0.contains { $0.isLetter } } }.map(String.init))
  }

  @Test(.timeLimit(.minutes(5))) func `every member of every file is documented, and every documented one is there`()
    async throws
  {
    try await withSimulator { npm in
      try await withBackend { port in
        try await withBackend(status: 502) { front in
          let place = try Workplace(npm)
          try place.scratch.write(
            "reconciler.yaml",
            """
            watch: { self_heal: false }
            health: { interval: 1s }
            npm: { data_plane: "127.0.0.1:\(front)" }
            """)
          try place.desire("app", "app.test", port: port, "description: x")
          try place.desire("gone", "gone.test", port: try reservedPort(), "validate: warn")
          try await place.run("apply", "--yes", exits: 0)
          try place.desire("blocked", "blocked.test", port: try reservedPort(), "validate: enforce")
          let id = try await npm.hosts().first?["id"].intValue ?? 0
          try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/\(id)", ["caching_enabled": true])
          let daemon = try place.start("watch")
          await daemon.says("app is unhealthy")
          daemon.terminate()
          #expect(await daemon.result().exit == 0)
          for file in ["status.json", "drift.json", "health.json"] {
            let bytes = try Files.read("\(place.scratch.path)/status/\(file)")
            let found = paths(try JSONDecoder().decode(JSONValue.self, from: Data(bytes)))
            let known = try documented(file)
            #expect(found.subtracting(known).subtracting(["commit"]).isEmpty, "\(file)")
            let rare = known.filter { $0.hasPrefix("commit.") || $0.hasSuffix("missed[]") }
            #expect(known.subtracting(found).subtracting(rare).isEmpty, "\(file)")
          }
        }
      }
    }
  }
}
