import Foundation
import Model
import Platform
import TestSupport
import Testing

/// `examples/complete`: every kind and every field, against the oldest and the newest NPM. The real binary.
@Suite struct CompleteExampleTests {
  /// The example with the files that its users must supply: a password and a certificate.
  private func place(_ npm: SimulatedNPM) throws -> Workplace {
    var place = try Workplace(npm)
    place.variables = ["LAN_ALICE": "open sesame", "CLOUDFLARE": "dns_cloudflare_api_token = x"]
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
    try place.scratch.write("reconciler.yaml", "certificates: { letsencrypt_email: admin@example.com }\n")
    return place
  }

  @Test(arguments: SimulatedNPM.versions)
  func `from empty everything is made, then nothing is left to do, and others' objects are as they were`(
    version: String
  ) async throws {
    try await withSimulator(version) { npm in
      try await npm.send("PUT", "/simulator/letsencrypt", ["issues": true])
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
      let certificates = try await npm.asAdmin("GET", "/api/nginx/certificates").arrayValue ?? []
      let wild = certificates.first { $0["nice_name"] == "*.example.com" }
      #expect(try await npm.served()["grafana.example.com"]?["certificate_id"] == wild?["id"])
      #expect(certificates.contains { $0["nice_name"] == "blog.example.net" })
      for name in ["all", "hosts", "certificates", "access"] { try? place.scratch.remove("desired/\(name).yaml") }
      try place.scratch.write("desired/none.yaml", "dead_hosts: { last: { domain_names: [last.test] } }\n")
      let swept = try await place.run("apply", "--yes", "--policy", "sync", "--allow-deletes")
      #expect(swept.exit == 4 && swept.output.contains("protected"), "\(swept.output)")
      #expect(try await others(npm) == before)
    }
  }

  @Test(arguments: SimulatedNPM.versions)
  func `what is exported with its keys makes an equal NPM of an empty one`(version: String) async throws {
    try await withSimulator(version) { first in
      try await first.send("PUT", "/simulator/letsencrypt", ["issues": true])
      let place = try place(first)
      try await place.run("apply", "--yes", "--no-probe", exits: 0)
      let exported = try await place.run("export", "--out", "copy", "--private-keys", "--passwords", "env")
      #expect(exported.exit == 0 && exported.errors.isEmpty, "\(exported.errors)")
      let key = try FileManager.default.attributesOfItem(
        atPath: "\(place.scratch.path)/copy/certificates/wildcard.key")
      #expect(key[.posixPermissions] as? Int == 0o600)
      try await withSimulator(version) { second in
        try await second.send("PUT", "/simulator/letsencrypt", ["issues": true])
        var other = try Workplace(second)
        other.variables = place.variables
        let text = try place.scratch.everything()
        for name in text.split(separator: "env: ").dropFirst().map({ String($0.prefix { $0 != " " }) }) {
          let secrets = [
            "ALICE": "open sesame", "BACKUP": "backup of backups", "CREDENTIALS": "dns_cloudflare_api_token = x",
          ]
          other.variables[name] = secrets.first { name.hasSuffix($0.key) }?.value
        }
        try other.scratch.write("reconciler.yaml", "certificates: { letsencrypt_email: admin@example.com }\n")
        let desired = ["--desired", "\(place.scratch.path)/copy", "--no-probe"]
        let run = try await other.run(["apply", "--yes"] + desired)
        #expect(run.exit == 0, "\(run.output)\(run.errors)")
        let diff = try await other.run(["diff", "--exit-code"] + desired)
        #expect(diff.exit == 0, "\(diff.output)")
        for route in ["proxy-hosts", "redirection-hosts", "dead-hosts", "streams", "certificates", "access-lists"] {
          let (left, right) = (try await rows(first, route), try await rows(second, route))
          #expect(left == right, "\(route)")
        }
        let site = try await first.asAdmin("GET", "/api/settings")
        #expect(try await second.asAdmin("GET", "/api/settings") == site)
      }
    }
  }

  /// Rows sorted by name, with names in place of ids.
  private func rows(_ npm: SimulatedNPM, _ route: String) async throws -> [JSONValue] {
    func list(_ route: String, _ expand: String = "") async throws -> [JSONValue] {
      try await npm.asAdmin("GET", "/api/nginx/\(route)\(expand)").arrayValue ?? []
    }
    let certificates = try await list("certificates"), lists = try await list("access-lists", "?expand=items,clients")
    func name(_ id: JSONValue?, _ rows: [JSONValue], _ key: String) -> JSONValue {
      rows.first { $0["id"] == id }?[key] ?? .null
    }
    let all = route == "certificates" ? certificates : route == "access-lists" ? lists : try await list(route)
    return all.map { row in
      var members = bare(row).objectValue ?? [:]
      if !row["certificate_id"].isNull {
        members["certificate"] = name(row["certificate_id"], certificates, "nice_name")
      }
      if !row["access_list_id"].isNull { members["access_list"] = name(row["access_list_id"], lists, "name") }
      return .object(members)
    }.sorted {
      "\($0["domain_names"])\($0["nice_name"])\($0["name"])" < "\($1["domain_names"])\($1["nice_name"])\($1["name"])"
    }
  }

  private func bare(_ row: JSONValue) -> JSONValue {
    guard var members = row.objectValue else { return row }
    for key in ["id", "created_on", "modified_on", "expires_on", "access_list_id", "certificate_id"] {
      members[key] = nil
    }
    // The name in the marker may differ: this kind gets other names in an export.
    if members["meta"]?["reconciler"].isNull == false { members["meta"] = nil }
    for key in ["items", "clients"] { members[key] = members[key].map { .array(($0.arrayValue ?? []).map(bare)) } }
    return .object(members)
  }

  /// Rows of others, without NPM's counters.
  private func others(_ npm: SimulatedNPM) async throws -> [JSONValue] {
    let hosts = try await npm.hosts().filter {
      ["theirs.test", "hand.test"].contains($0["domain_names"].arrayValue?.first)
    }
    let lists = try await npm.asAdmin("GET", "/api/nginx/access-lists?expand=items,clients").arrayValue ?? []
    return hosts + lists.filter { $0["name"] == "foreign" }
  }
}
