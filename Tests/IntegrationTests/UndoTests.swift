import Model
import Platform
import TestSupport
import Testing

/// Reviewed plans, rollbacks, accepted drift: the real binary.
@Suite struct UndoTests {
  @Test func `a reviewed plan is applied from its file, and only while it is the plan`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      try await place.run("diff", "--out", "plan.json", exits: 0)
      #expect(try place.scratch.read("plan.json").contains("\"digest\" : \"sha256:"))
      try place.desire("b", "b.test")
      let stale = try await place.run("apply", "--yes", "--plan", "plan.json")
      #expect(stale.exit == 7 && stale.errors.contains("not plan.json: nothing was applied"))
      #expect(try await npm.hosts().isEmpty)
      try place.scratch.remove("desired/b.yaml")
      try await place.run("apply", "--yes", "--plan", "plan.json", exits: 0)
      try await place.run("diff", "--out", "plan.txt", exits: 0)
      #expect(try await place.run("apply", "--yes", "--plan", "nowhere.json").exit == 64)
      #expect(try await place.run("apply", "--yes", "--plan", "reconciler-is-no-plan").exit == 64)
    }
  }

  @Test func `a run is taken back, and the next one says what the YAML still asks for`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("app", "app.test", port: 81)
      try await place.run("apply", "--yes", exits: 0)
      try place.desire("app", "app.test", port: 82)
      try place.desire("new", "new.test")
      let second = try await place.run("apply", "--yes")
      #expect(second.output.contains("Run 2; undo with: reconciler rollback --to 1"), "\(second.output)")
      let undone = try await place.run("rollback", "--to", "1", "--yes", "--policy", "sync")
      #expect(undone.exit == 0, "\(undone.output)\(undone.errors)")
      #expect(undone.output.contains("desired/ still says otherwise"))
      #expect(try await npm.served().keys.sorted() == ["app.test"])
      #expect(try await npm.served()["app.test"]?["forward_port"] == 81)
      try await place.run("diff", "--exit-code", exits: 2)
      let list = try await place.run("rollback", "--list")
      #expect(list.output.split(separator: "\n").count == 3)
      let unknown = try await place.run("rollback", "--to", "99", "--yes")
      #expect(unknown.exit == 3 && unknown.errors.contains("error[unknown-run]"))
      // Without --to: the last run with a change, which is the rollback itself.
      try await place.run("rollback", "--yes", "--policy", "sync", exits: 0)
      #expect(try await npm.served().keys.sorted() == ["app.test", "new.test"])
    }
  }

  @Test func `drift has a name and can be accepted into the file`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      let text = """
        # our films
        proxy_hosts:
          app: # the app
            domain_names: [app.test]
            forward: http://127.0.0.1:80 # here
            allow_websocket_upgrade: true # needed
            validate: off
        """ + "\n"
      try place.scratch.write("desired/app.yaml", text)
      try await place.run("apply", "--yes", exits: 0)
      try await npm.asAdmin(
        "PUT", "/api/nginx/proxy-hosts/1", ["allow_websocket_upgrade": false, "forward_port": 8080])
      let diff = try await place.run("diff")
      #expect(diff.output.contains("allow_websocket_upgrade  false -> true"), "\(diff.output)")
      #expect(diff.output.contains("changed in NPM by admin@example.com"), "\(diff.output)")
      let accepted = try await place.run("diff", "--accept", "app")
      #expect(accepted.exit == 0, "\(accepted.errors)")
      let expected = text.replacing("http://127.0.0.1:80 #", with: "http://127.0.0.1:8080 #").replacing(
        "upgrade: true #", with: "upgrade: false #")
      #expect(try place.scratch.read("desired/app.yaml") == expected)
      try await place.run("diff", "--exit-code", exits: 0)
      try await place.run("apply", "--yes", exits: 0)
      // The ledger has the accepted values too: the next change is only the YAML's.
      try place.scratch.write("desired/app.yaml", expected.replacing("8080", with: "8081"))
      let edited = try await place.run("diff", "-o", "json")
      #expect(edited.json["changes"].arrayValue?.first?["cause"] == "desired_edited")
      let none = try await place.run("diff", "--accept", "app")
      #expect(none.exit == 1 && none.errors.contains("error[not-acceptable]"))
    }
  }

  @Test func `a rename in the YAML is shown as one and keeps the host`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("old", "app.test")
      try await place.run("apply", "--yes", exits: 0)
      try place.scratch.remove("desired/old.yaml")
      try place.desire("new", "app.test", port: 81)
      let diff = try await place.run("diff", "-o", "json")
      #expect(diff.json["changes"].arrayValue?.map { $0["renamed_from"] } == ["old"])
      #expect(try await place.run("diff").output.contains("renamed from 'old' (host 1)"))
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await npm.hosts().map { $0["id"] } == [1])
      try await place.run("diff", "--exit-code", exits: 0)
    }
  }

  @Test func `a dead holder's lock is taken over, with an event`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      try await npm.faults([["method": "POST", "path": "/api/nginx/proxy-hosts", "action": "stall", "when": "after"]])
      let running = try place.start("apply", "--yes")
      try await npm.waitForCreate()
      running.killHard()
      _ = await running.result()
      try await npm.faults([])
      try await place.run("apply", "--yes", exits: 0)
      let events = try await place.run("events", "--source", "lock", "-o", "json").json["events"].arrayValue ?? []
      #expect(events.map { $0["reason"] } == ["LockTakenOver"])
      #expect(events.first?["message"].stringValue?.contains("process \(running.identifier) on ") == true)
      #expect(events.first?["correlation_id"].stringValue?.count == 16)
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await place.run("events", "--source", "lock").output.split(separator: "\n").count == 1)
    }
  }

  @Test func `every call carries the name that logs, events and errors have`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      try await npm.faults([["path": "/api/nginx", "action": "status", "status": 503, "count": 99]])
      let run = try await place.run("diff", "-v", "--log-format", "json")
      #expect(run.exit == 1)
      let ids = run.errors.split(separator: "\n").map { line in
        line.firstRange(of: "\"correlation_id\":\"").map { line[$0.upperBound...].prefix(16) } ?? ""
      }
      #expect(ids.count > 3 && Set(ids).count == 1)
      #expect(run.errors.contains("GET /api/nginx/proxy-hosts 503 in"))
    }
  }
}
