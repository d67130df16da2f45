import Model
import TestSupport
import Testing

/// Every exit code of the contract, from the real binary.
@Suite(.serialized) struct ExitCodeTests {
  @Test func `2 before an apply and 0 after it`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      try await place.run("diff", "--exit-code", exits: 2)
      try await place.run("diff", exits: 0)
      let applied = try await place.run("apply", "--yes")
      #expect(applied.exit == 0)
      #expect(applied.output.contains("created as 1"))
      try await place.run("diff", "--exit-code", exits: 0)
      let writes = try await npm.writes().count
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await npm.writes().count == writes)
    }
  }

  @Test func `1 when NPM cannot be reached or refuses the login`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      let port = try reservedPort()
      let unreachable = try await place.run("diff", "--npm-url", "http://127.0.0.1:\(port)")
      #expect(unreachable.exit == 1)
      #expect(unreachable.errors.contains("error[upstream-refused]"))
      var environment = place.environment
      environment["NPM_SECRET"] = "wrong"
      let refused = try await ProgramRun.run(["diff"], in: place.scratch.path, environment: environment)
      #expect(refused.exit == 1)
      #expect(refused.errors.contains("error[upstream-auth]"))
    }
  }

  @Test func `3 when the desired state is invalid, before NPM is asked anything`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test", "forward_prot: 80")
      for command in [["validate"], ["diff"], ["apply", "--yes"]] {
        let run = try await ProgramRun.run(command, in: place.scratch.path, environment: place.environment)
        #expect(run.exit == 3)
        #expect((run.output + run.errors).contains("desired/a.yaml:5:5: error[unknown-key]"))
        #expect((run.output + run.errors).contains("^^^^^^^^^^^^"))
      }
      #expect(try await npm.send("GET", "/simulator/requests").json == [])
    }
  }

  @Test func `3 when a destination fails under enforce`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      let port = try reservedPort()
      try place.desire("a", "a.test", port: port, "validate: enforce")
      try await place.run("validate", exits: 0)
      let run = try await place.run("validate", "--probe", "-o", "json")
      #expect(run.exit == 3)
      let steps = run.json["destinations"].arrayValue?[0]["steps"].arrayValue ?? []
      #expect(steps.map { $0["status"] } == ["passed", "passed", "failed", "skipped"])
      #expect(steps[2]["hint"].stringValue?.hasPrefix("Port \(port) is not accepting connections.") == true)
      try place.desire("a", "a.test", port: port, "validate: warn")
      try await place.run("validate", "--probe", exits: 0)
    }
  }

  @Test func `4 when a limit, an owner or an empty desired state forbids it`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try await place.giveUpSixOfTwenty()
      let refused = try await place.run("apply", "--yes", "--policy", "sync")
      #expect(refused.exit == 4)
      #expect(refused.errors.contains("--max-deletes 6"))
      #expect(try await npm.hosts().count == 20)
      for index in 6..<20 { try place.scratch.remove("desired/h\(index).yaml") }
      try await place.run("apply", "--yes", "--policy", "sync", "--allow-deletes", exits: 4)
      try place.scratch.write("desired/none.yaml", "proxy_hosts: {}\n")
      try await place.run("apply", "--yes", "--policy", "sync", "--allow-deletes", exits: 4)
      #expect(try await npm.hosts().count == 20)
      try place.scratch.remove("desired/none.yaml")
      for index in 6..<20 { try place.desire("h\(index)", "h\(index).test") }
      try await place.run("apply", "--yes", "--policy", "sync", "--max-deletes", "6", exits: 0)
      #expect(try await npm.hosts().count == 14)
      _ = try await npm.createByHand("taken.test")
      try place.desire("mine", "taken.test")
      let blocked = try await place.run("apply", "--yes")
      #expect(blocked.exit == 4)
      #expect(blocked.output.contains("taken.test is served by host 21, which is not ours"))
    }
  }

  @Test func `5 when not everything was applied`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      let port = try reservedPort()
      try place.desire("bad", "bad.test", "validate: off\n    advanced_config: nonsense on;")
      try place.desire("dead", "dead.test", port: port, "validate: enforce")
      try place.desire("good", "good.test")
      let run = try await place.run("apply", "--yes", "-o", "json")
      #expect(run.exit == 5)
      let changes = run.json["changes"].arrayValue ?? []
      let outcomes = Dictionary(uniqueKeysWithValues: changes.map { ($0["name"].stringValue ?? "", $0) })
      #expect(outcomes["bad"]?["outcome"] == "failed")
      #expect(outcomes["bad"]?["error"]["code"] == "nginx-refused")
      #expect(outcomes["dead"]?["action"] == "blocked")
      #expect(outcomes["dead"]?["error"]["code"] == "destination-failed")
      #expect(outcomes["good"]?["outcome"] == "applied")
    }
  }

  @Test func `6 while another run holds the lock`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      let rule: JSONValue = ["method": "POST", "path": "/api/nginx", "action": "stall", "when": "before", "count": 1]
      try await npm.faults([rule])
      let first = try place.start("apply", "--yes")
      // The first run takes the lock before its first request to NPM: wait until its create has arrived.
      try await npm.waitForCreate()
      let second = try await place.run("apply", "--yes")
      #expect(second.exit == 6)
      #expect(second.errors.contains("process \(first.identifier)"))
      first.killHard()
      _ = await first.result()
      try await npm.faults([])
      try await place.run("apply", "--yes", exits: 0)
    }
  }

  @Test func `7 when the plan is no longer the one that was looked at`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      let digest = try await place.run("diff", "-o", "json").json["digest"].stringValue ?? ""
      #expect(digest.hasPrefix("sha256:"))
      try place.desire("b", "b.test")
      let stale = try await place.run("apply", "--yes", "--plan", digest)
      #expect(stale.exit == 7)
      #expect(try await npm.hosts().isEmpty)
      try place.scratch.remove("desired/b.yaml")
      try await place.run("apply", "--yes", "--plan", String(digest.prefix(15)), exits: 0)
      #expect(try await npm.hosts().count == 1)
    }
  }

  @Test(arguments: [
    ["fly"], ["diff", "--fast"], ["apply"], ["diff", "-o", "xml"], ["completion", "tcsh"], ["events", "x"],
  ])
  func `64 when the command line makes no sense`(arguments: [String]) async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      let run = try await ProgramRun.run(arguments, in: place.scratch.path, environment: place.environment)
      #expect(run.exit == 64)
      #expect(run.errors.contains("error[usage]"))
    }
  }

  @Test func `130 after an interrupt, with the change in flight finished`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      for name in ["a", "b"] { try place.desire(name, "\(name).test") }
      let rule: JSONValue = ["method": "POST", "path": "/api/nginx", "action": "delay", "delay_ms": 60_000, "count": 1]
      try await npm.faults([rule])
      let running = try place.start("apply", "--yes", "-o", "json")
      try await npm.waitForCreate()
      running.interrupt()
      // The create is held until the signal is sent, then it is released.
      try await npm.faults([])
      let run = await running.result()
      #expect(run.exit == 130)
      #expect(run.json["changes"].arrayValue?.map { $0["outcome"] } == ["applied", "not_attempted"])
      #expect(Set(try await npm.served().keys) == ["a.test"])
    }
  }
}
