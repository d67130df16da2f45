import Platform
import TestSupport
import Testing

/// Replays recorded sessions of a real NPM 2.15.1 and 2.12.6 against the simulator of that version and compares every
/// response: status, content type, body. The real servers agree with all of them.
@Suite struct ConformanceTests {
  /// Responses that differ, with the reason.
  private static let excused = [
    "2.15.1 20-certificates.json#2": "NPM lists all 86 DNS providers of certbot, the simulator a few",
    "2.12.6 20-certificates.json#7": "the text names a temporary file, which that release calls 'tmp'",
    "2.12.6 20-certificates.json#23": "the text names a temporary file, which that release calls 'tmp'",
  ]

  @Test(arguments: [("2.15.1", "recordings", 1349), ("2.12.6", "recordings-2.12.6", 523)])
  func `the simulator answers as the recorded server does`(version: String, folder: String, count: Int) async throws {
    var agreed = 0, scored = 0
    var differences: [String] = []
    for file in try Files.below("\(Fixtures.directory)/\(folder)").files {
      let replay = try Replay(file, version: version)
      try await replay.run()
      try await replay.server.stop()
      agreed += replay.agreed
      scored += replay.scored
      differences += replay.differences
    }
    let share = 100 * Double(agreed) / Double(max(1, scored))
    print(
      "conformance to NPM \(version): \(agreed) of \(scored) recorded answers agree (\((share * 10).rounded() / 10) %)")
    for difference in differences { print("  \(difference)") }
    #expect(scored >= count)
    #expect(share >= 99)
    let names = Set(differences.map { "\(version) " + $0.prefix { $0 != " " } })
    #expect(names == Set(Self.excused.keys.filter { $0.hasPrefix(version) }))
  }
}
