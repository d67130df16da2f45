import Model
import Platform
import TestSupport
import Testing

/// `suspend` and `resume`, and their events in the log.
@Suite struct SuspendTests {
  @Test func `a suspended host is left alone, also when it is gone from the YAML, until it is resumed`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("app", "app.test", port: 80)
      try place.desire("other", "other.test", port: 80)
      try await place.run("apply", "--yes", exits: 0)
      let said = try await place.run("suspend", "app", "--for", "2h", "--reason", "moving")
      #expect(said.exit == 0 && said.output.contains("'app' suspended until"))
      try place.desire("app", "app.test", port: 81)
      try place.desire("other", "other.test", port: 81)
      let applied = try await place.run("apply", "--yes")
      #expect(applied.exit == 0 && applied.output.contains("(moving): forward_port waits"), "\(applied)")
      #expect(try await npm.hosts().map { $0["forward_port"] } == [80, 81])
      try place.scratch.remove("desired/app.yaml")
      _ = try await place.run("apply", "--yes", "--policy", "sync")
      #expect(try await npm.hosts().count == 2)
      #expect(try await place.run("suspend").output.contains("'app' until"))
      try await place.run("resume", "proxy_host/app", exits: 0)
      try await place.run("resume", "proxy_host/app", exits: 3)
      _ = try await place.run("apply", "--yes", "--policy", "sync")
      #expect(try await npm.hosts().count == 1)
    }
  }

  @Test func `with everything suspended nothing is written, by hand or by the daemon`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("app", "app.test", port: 80)
      try await place.run("apply", "--yes", exits: 0)
      try await place.run("suspend", "--all", exits: 0)
      let writes = try await npm.writes().count
      try place.desire("app", "app.test", port: 81)
      let applied = try await place.run("apply", "--yes")
      #expect(applied.exit == 0 && applied.output.contains("suspended until resumed"))
      #expect(try await npm.writes().count == writes)
      try await place.run("resume", "--all", exits: 0)
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await npm.hosts().first?["forward_port"] == 81)
    }
  }

  @Test(.timeLimit(.minutes(5))) func `events tell the plan, drift with its fields, and what is blocked`() async throws
  {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("app", "app.test", port: 80)
      try await place.run("apply", "--yes", exits: 0)
      let id = try await npm.hosts().first?["id"].intValue ?? 0
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/\(id)", ["forward_port": 99])
      try place.desire("gone", "gone.test", port: try reservedPort(), "validate: enforce")
      _ = try await place.run("apply", "--yes")
      let events = try await place.run("events", "-o", "json").json["events"].arrayValue ?? []
      let reasons = events.compactMap { $0["reason"].stringValue }
      #expect(reasons == ["Planned", "Created", "Drifted", "Blocked", "Planned", "DriftRepaired"], "\(reasons)")
      let drift = events[2]
      #expect(drift["data"]["fields"] == [["path": "forward_port", "desired": 80, "observed": 99]])
      #expect(drift["severity"] == "warning" && drift["correlation_id"].stringValue?.isEmpty == false)
    }
  }

  @Test(.timeLimit(.minutes(5))) func `events --follow goes on with what happens`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("app", "app.test", port: 80)
      let follower = try place.start("events", "--follow", "--source", "apply")
      try await place.run("apply", "--yes", exits: 0)
      #expect(await follower.firstLine().contains("app created as 1"))
      try place.desire("app", "app.test", port: 81)
      try await place.run("apply", "--yes", exits: 0)
      #expect(await follower.firstLine().contains("Updated"))
      follower.interrupt()
      #expect(await follower.result().exit == 130)
    }
  }

  @Test(.timeLimit(.minutes(5))) func `in a maintenance window the daemon looks, and writes nothing`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write(
        "reconciler.yaml", "watch: { windows: [{ cron: '* * * * *', duration: 5m, reason: moving }] }\n")
      try place.desire("app", "app.test", port: 80)
      let daemon = try place.start("watch")
      await daemon.says("(maintenance window: moving): app")
      let status = try await place.run("status", "-o", "json").json
      let reason = status["withheld"].arrayValue?.first?["message"].stringValue ?? ""
      #expect(reason.hasPrefix("suspended until 20") && reason.hasSuffix("(maintenance window: moving)"), "\(reason)")
      let sync = status["conditions"].arrayValue?.first { $0["type"] == "InSync" } ?? .null
      #expect(sync["message"].stringValue?.contains("1 \(reason)") == true)
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
      #expect(try await npm.hosts().isEmpty)
      #expect(try await place.run("events").output.contains("app waits: suspended until"))
    }
  }

  @Test(.timeLimit(.minutes(5))) func `who suspends everything stops a run that is under way`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      for index in 0..<400 { try place.desire("h\(index)", "h\(index).test") }
      let run = try place.start("apply", "--yes")
      while try await npm.hosts().isEmpty { try Task.checkCancellation() }
      try await place.run("suspend", "--all", exits: 0)
      let ended = await run.result()
      let made = try await npm.hosts().count
      #expect(ended.exit == 5 && made < 400, "\(made)")
      #expect(ended.output.contains("while the run was under way"))
      try await place.run("resume", "--all", exits: 0)
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await npm.hosts().count == 400)
    }
  }
}
