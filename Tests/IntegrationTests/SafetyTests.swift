import Model
import Platform
import TestSupport
import Testing

/// The real binary in dangerous situations.
@Suite struct SafetyTests {
  @Test(arguments: SimulatedNPM.versions)
  func `6 of 20 are not deleted by any path, and an emptied or half answered state deletes nothing`(version: String)
    async throws
  {
    try await withSimulator(version) { npm in
      let place = try Workplace(npm)
      try await place.giveUpSixOfTwenty()
      let refused = try await place.run("apply", "--yes", "--policy", "sync")
      #expect(refused.exit == 4)
      #expect(refused.errors.contains("6 hosts would be deleted, the limit is 5"))
      #expect(refused.errors.contains("run again with --max-deletes 6 or --allow-deletes"))
      let undo = try await place.run("rollback", "--yes", "--policy", "sync")
      #expect(undo.exit == 4 && undo.errors.contains("20 hosts would be deleted"))
      try await npm.faults([
        ["method": "GET", "path": "/api/nginx/proxy-hosts", "action": "truncate", "when": "after", "count": 9]
      ])
      let cut = try await place.run("apply", "--yes", "--policy", "sync", "--allow-deletes")
      #expect(cut.exit == 1, "\(cut.errors)")
      try await npm.faults([])
      for index in 6..<20 { try place.scratch.remove("desired/h\(index).yaml") }
      try place.scratch.write("desired/none.yaml", "proxy_hosts: {}\n")
      try await place.run("apply", "--yes", "--policy", "sync", "--allow-deletes", exits: 4)
      #expect(try await npm.hosts().count == 20)
      #expect(try await npm.writes().allSatisfy { $0["method"] != "DELETE" })
    }
  }

  @Test(arguments: SimulatedNPM.versions)
  func `half of our hosts missing from NPM's list means that nothing is written`(version: String) async throws {
    try await withSimulator(version) { npm in
      let place = try Workplace(npm)
      for index in 0..<6 { try place.desire("h\(index)", "h\(index).test") }
      try await place.run("apply", "--yes", exits: 0)
      for id in 1...4 { try await npm.asAdmin("DELETE", "/api/nginx/proxy-hosts/\(id)") }
      try place.desire("h5", "h5.test", port: 81)
      let before = try await npm.writes().count
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 4 && run.errors.contains("incomplete-list"))
      #expect(try await npm.writes().count == before)
    }
  }

  @Test func `what nginx refuses in a snippet is shown in the snippet`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write("desired/shared.yaml", "snippets:\n  one: |\n    gzip on;\n    no_such_thing on;\n")
      try place.desire("a", "a.test", "validate: off\n    snippets: [one]\n    advanced_config: gzip_vary on;")
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 5 && run.output.contains("(desired/shared.yaml:4)"), "\(run.output)")
      try place.scratch.write("desired/shared.yaml", "snippets:\n  one: |\n    gzip on;\n")
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await npm.served()["a.test"]?["advanced_config"] == "gzip on;\ngzip_vary on;")
    }
  }

  @Test(arguments: SimulatedNPM.versions) func `what nginx refuses is put back, with its words and the line of YAML`(
    version: String
  ) async throws {
    try await withSimulator(version) { npm in
      let place = try Workplace(npm)
      try place.desire("app", "app.test", port: 81)
      try await place.run("apply", "--yes", exits: 0)
      try place.desire(
        "app", "app.test", port: 82,
        "validate: off\n    advanced_config: |\n      client_max_body_size 0;\n      proxy_bufering off;")
      let run = try await place.run("apply", "--yes")
      #expect(run.exit == 5)
      #expect(
        run.output.contains(
          "nginx refused it: unknown directive \"proxy_bufering\" (desired/app.yaml:8)"), "\(run.output)")
      #expect(run.output.contains("the previous configuration is back and serving"))
      #expect(try await npm.served()["app.test"]?["forward_port"] == 81)
      let json = try await place.run("apply", "--yes", "-o", "json")
      #expect(json.json["changes"].arrayValue?.first?["error"]["line"] == 8)
      try place.desire(
        "app", "app.test", port: 81,
        "validate: off\n    locations:\n      - path: /a\n        forward: http://10.0.0.1\n        advanced_config: nonsense on;"
      )
      let inner = try await place.run("apply", "--yes")
      #expect(inner.output.contains("unknown directive \"nonsense\" (desired/app.yaml:9)"), "\(inner.output)")
    }
  }

  @Test(arguments: SimulatedNPM.versions) func `the way to NPM is not cut`(version: String) async throws {
    try await withSimulator(version) { npm in
      let place = try Workplace(npm)
      let through = ["--npm-url", "http://localhost:\(npm.port)", "--yes"]
      try place.desire("npm", "localhost")
      try place.desire("app", "app.test")
      try await place.run(["apply"] + through, exits: 0)
      try place.desire("npm", "localhost", port: 81)
      let changed = try await place.run(["apply"] + through)
      #expect(changed.exit == 4 && changed.errors.contains("error[self-lockout]"))
      #expect(changed.errors.contains("--allow-self-lockout"))
      try place.scratch.remove("desired/npm.yaml")
      try await place.run(["apply", "--policy", "sync"] + through, exits: 4)
      #expect(try await npm.served()["localhost"]?["forward_port"] == 80)
      try await place.run(["apply", "--policy", "sync", "--allow-self-lockout"] + through, exits: 0)
      #expect(try await npm.served()["localhost"] == nil)
    }
  }

  @Test(arguments: SimulatedNPM.versions) func `observe writes nothing, neither to NPM nor to the ledger`(
    version: String
  ) async throws {
    try await withSimulator(version) { npm in
      let place = try Workplace(npm)
      try place.desire("app", "app.test")
      try place.desire("old", "old.test")
      try await place.run("apply", "--yes", exits: 0)
      _ = try await npm.createByHand("hand.test")
      try place.desire("app", "app.test", port: 81)
      try place.desire("new", "new.test")
      try place.desire("hand", "hand.test")
      try place.scratch.remove("desired/old.yaml")
      let before = try await npm.writes().count
      // Conflicts are reported under any policy.
      try await place.run("apply", "--yes", "--policy", "observe", exits: 4)
      _ = try await place.run("adopt", "--all", "--accept-changes", "--yes", "--policy", "observe")
      _ = try await place.run("rollback", "--yes", "--policy", "observe")
      #expect(try await npm.writes().count == before)
      try await place.run("diff", "--exit-code", "--policy", "observe", exits: 2)
    }
  }

  @Test(arguments: SimulatedNPM.versions) func `protect, on_delete and suspend do what they say`(version: String)
    async throws
  {
    try await withSimulator(version) { npm in
      let place = try Workplace(npm)
      try place.desire("kept", "kept.test", "validate: off\n    protect: true")
      try place.desire("off", "off.test", "validate: off\n    on_delete: disable")
      try place.desire("free", "free.test", "validate: off\n    on_delete: orphan")
      try place.desire("wait", "wait.test")
      try await place.run("apply", "--yes", exits: 0)
      for name in ["kept", "off", "free"] { try place.scratch.remove("desired/\(name).yaml") }
      try place.desire(
        "wait", "wait.test", port: 99, "validate: off\n    suspend: { until: 2999-01-01, reason: migration }")
      let run = try await place.run("apply", "--yes", "--policy", "sync")
      #expect(run.exit == 4)
      #expect(run.output.contains("it is no longer in the YAML, but protected"))
      let diff = try await place.run("diff")
      #expect(diff.output.contains("suspended until 2999-01-01 (migration): forward_port waits"), "\(diff.output)")
      let served = try await npm.served()
      #expect(served.keys.sorted() == ["free.test", "kept.test", "wait.test"])
      #expect(served["wait.test"]?["forward_port"] == 80)
      #expect(try await npm.hosts().count == 4)
    }
  }
}
