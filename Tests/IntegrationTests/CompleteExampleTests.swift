import Model
import Platform
import TestSupport
import Testing

/// `examples/complete`: every kind and every field, against the oldest and the newest NPM. The real binary.
@Suite struct CompleteExampleTests {
  /// The example with what it leaves to its users: a password, and a certificate.
  private func place(_ npm: SimulatedNPM) throws -> Workplace {
    var place = try Workplace(npm)
    place.variables = ["LAN_ALICE": "open sesame"]
    let example = "\(Fixtures.project)/examples/complete"
    for file in try Files.below(example).files where file.hasSuffix(".yaml") {
      let name = file.dropFirst(example.count + 1)
      try place.scratch.write("desired/\(name)", String(decoding: Files.read(file), as: UTF8.self))
    }
    let now = Int(Timestamp.now.seconds)
    let made = try TestCertificate.make(names: ["*.example.com"], days: 90, from: now - 86400)
    try place.scratch.write("desired/certs/wildcard.pem", made.certificate)
    try place.scratch.write("desired/certs/wildcard.key", made.key)
    try place.scratch.write("desired/secrets/backup.txt", "backup of backups\n")
    return place
  }

  @Test(arguments: SimulatedNPM.versions)
  func `from empty everything is made, then nothing is left to do, and others' objects are as they were`(
    version: String
  ) async throws {
    try await withSimulator(version) { npm in
      let theirs: JSONValue = ["reconciler": ["owner": "them", "name": "theirs", "fingerprint": ""]]
      _ = try await npm.createByHand("theirs.test", meta: theirs)
      _ = try await npm.createByHand("hand.test")
      let foreign: JSONValue = ["name": "foreign", "items": [["username": "x", "password": "y"]], "clients": []]
      _ = try await npm.asAdmin("POST", "/api/nginx/access-lists", foreign)
      let before = try await others(npm)
      let place = try place(npm)
      let made = try await place.run("apply", "--yes", "--no-probe")
      #expect(made.exit == 0, "\(made.output)\(made.errors)")
      let diff = try await place.run("diff", "--exit-code", "--no-probe")
      #expect(diff.exit == 0, "\(diff.output)")
      #expect(try await others(npm) == before)
      #expect(try await npm.served()["jellyfin.example.com"]?["access_list_id"] == 2)
      #expect(try await npm.served()["grafana.example.com"]?["certificate_id"] == 1)
      for name in ["all", "hosts", "certificates", "access"] { try? place.scratch.remove("desired/\(name).yaml") }
      try place.scratch.write("desired/none.yaml", "dead_hosts: { last: { domain_names: [last.test] } }\n")
      let swept = try await place.run("apply", "--yes", "--policy", "sync", "--allow-deletes")
      #expect(swept.exit == 4 && swept.output.contains("protected"), "\(swept.output)")
      #expect(try await others(npm) == before)
    }
  }

  /// What is not ours, without what NPM counts.
  private func others(_ npm: SimulatedNPM) async throws -> [JSONValue] {
    let hosts = try await npm.hosts().filter {
      ["theirs.test", "hand.test"].contains($0["domain_names"].arrayValue?.first)
    }
    let lists = try await npm.asAdmin("GET", "/api/nginx/access-lists?expand=items,clients").arrayValue ?? []
    return hosts + lists.filter { $0["name"] == "foreign" }
  }
}
