import Model
import Planning
import Platform
import Reconciler
import Store
import TestSupport
import Testing

/// Adoption, renames, release and rollback with a simulated NPM: the tests check what NPM stores and serves.
@Suite struct OwnershipTests {
  @Test func `an adopted host keeps everything and gets our marker`() async throws {
    try await withSimulator { npm in
      let id = try await npm.createByHand("hand.test", meta: ["theirs": "keep"])
      let me = Operator(npm)
      let hand = desiredHost("hand", hostSpec(["hand.test"], host: "10.9.9.9"))
      #expect(try await me.plan(hand).plan.adoptable.count == 1)
      #expect(try await verdicts(me.on(.adopt(Adoption())).apply(hand)) == ["hand applied"])
      let host = try await npm.hosts()[0]
      #expect(host["id"].intValue == id && host["meta"]["theirs"] == "keep")
      #expect(host["meta"]["reconciler"]["name"] == "hand")
      #expect(try await me.plan(hand).plan.isEmpty)
      #expect(try await npm.served()["hand.test"] != nil)
    }
  }

  @Test func `an adoption that nginx refuses leaves the host as it was, nobody's and serving`() async throws {
    try await withSimulator { npm in
      _ = try await npm.createByHand("hand.test")
      let me = Operator(npm)
      let bad = desiredHost("hand", hostSpec(["hand.test"], host: "10.9.9.9", ["advanced_config": "nonsense on;"]))
      let report = try await me.on(.adopt(Adoption(acceptsChanges: true))).apply(bad)
      #expect(report.outcomes.map(\.error?.code) == [.nginxRefused])
      #expect(try await npm.served()["hand.test"]?["forward_host"] == "10.9.9.9")
      #expect(try await npm.hosts()[0]["meta"]["reconciler"].isNull)
      #expect(try await me.stores.ledger.entries().isEmpty)
    }
  }

  @Test func `adopt touches nothing but what it takes over`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      try await me.apply(desiredHost("old", hostSpec(["old.test"])), desiredHost("app", hostSpec(["app.test"])))
      _ = try await npm.createByHand("hand.test")
      let report = try await me.on(.adopt(Adoption())).apply(
        desiredHost("app", hostSpec(["app.test"], port: 99)), desiredHost("new", hostSpec(["new.test"])),
        desiredHost("hand", hostSpec(["hand.test"], host: "10.9.9.9")))
      #expect(verdicts(report) == ["hand applied"])
      #expect(try await Set(npm.served().keys) == ["old.test", "app.test", "hand.test"])
      #expect(try await npm.served()["app.test"]?["forward_port"] == 80)
    }
  }

  @Test func `a rename keeps the host and moves marker and row`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      try await me.apply(desiredHost("old", hostSpec(["app.test"])))
      let report = try await me.apply(desiredHost("new", hostSpec(["app.test"], port: 81)))
      #expect(verdicts(report) == ["new applied"])
      let hosts = try await npm.hosts()
      #expect(hosts.count == 1 && hosts[0]["id"] == 1 && hosts[0]["forward_port"] == 81)
      #expect(hosts[0]["meta"]["reconciler"]["name"] == "new")
      #expect(try await me.stores.ledger.entries().map(\.key.name) == ["new"])
      #expect(try await me.plan(desiredHost("new", hostSpec(["app.test"], port: 81))).plan.isEmpty)
    }
  }

  @Test func `a rename with a value that nginx refuses leaves the old name and its configuration`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      try await me.apply(desiredHost("old", hostSpec(["app.test"])))
      let report = try await me.apply(desiredHost("new", hostSpec(["app.test"], ["advanced_config": "nonsense on;"])))
      #expect(report.outcomes.map(\.error?.code) == [.nginxRefused])
      #expect(try await npm.served()["app.test"] != nil)
      #expect(try await me.stores.ledger.entries().map(\.key.name) == ["old"])
      #expect(try await me.plan(desiredHost("old", hostSpec(["app.test"]))).plan.isEmpty)
    }
  }

  @Test(arguments: [Lifecycle.OnDelete.disable, .orphan])
  func `a host that is given up stays in NPM and is nobody's`(onDelete: Lifecycle.OnDelete) async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      let app = desiredHost("app", hostSpec(["app.test"])).with { $0.lifecycle.onDelete = onDelete }
      let stay = desiredHost("stay", hostSpec(["stay.test"]))
      try await me.apply(app, stay)
      #expect(try await verdicts(me.apply(stay)) == ["app applied"])
      let host = try #require(try await npm.hosts().first { $0["id"] == 1 })
      #expect(host["enabled"].boolValue == (onDelete == .orphan))
      #expect(host["meta"]["reconciler"].isNull)
      #expect(try await (npm.served()["app.test"] != nil) == (onDelete == .orphan))
      #expect(try await me.stores.ledger.entries().map(\.key.name) == ["stay"])
      #expect(try await me.plan(stay).plan.isEmpty)
    }
  }

  @Test func `a protected host is not deleted, and its protection outlives the store's other memory`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      let stay = desiredHost("stay", hostSpec(["stay.test"]))
      var app = desiredHost("app", hostSpec(["app.test"]))
      try await me.apply(app, stay)
      app = app.with { $0.lifecycle.isProtected = true }
      try await me.apply(app, stay)
      let planned = try await me.plan(stay)
      #expect(planned.plan.changes.compactMap(\.blockReason?.code) == [.protected])
      try await me.apply(stay)
      #expect(try await npm.served()["app.test"] != nil)
    }
  }

  @Test func `a marker that somebody cleared is put back`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      let app = desiredHost("app", hostSpec(["app.test"]))
      try await me.apply(app)
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/1", ["meta": [:]])
      #expect(try await me.plan(app).plan.changes[0].fields.map(\.path) == ["meta.reconciler"])
      #expect(try await verdicts(me.apply(app)) == ["app applied"])
      #expect(try await npm.hosts()[0]["meta"]["reconciler"]["owner"] == "homelab")
    }
  }

  // MARK: Rollback

  @Test func `rollback brings back what later runs changed, made and deleted`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      let kept = desiredHost("kept", hostSpec(["kept.test"]))
      try await me.apply(desiredHost("app", hostSpec(["app.test"])), desiredHost("gone", hostSpec(["gone.test"])), kept)
      try await me.apply(
        desiredHost("app", hostSpec(["app.test"], port: 81)), desiredHost("new", hostSpec(["n.test"])), kept)
      try await me.apply(
        desiredHost("app", hostSpec(["app.test"], port: 82)), desiredHost("new", hostSpec(["n.test"])), kept)
      let report = try await me.rollBack(to: 1)
      #expect(Set(verdicts(report)) == ["app applied", "gone applied", "new applied"])
      let served = try await npm.served()
      #expect(Set(served.keys) == ["app.test", "gone.test", "kept.test"])
      #expect(served["app.test"]?["forward_port"] == 80)
      let again = try await me.rollBack(to: 3)
      #expect(again.count(.failed) == 0)
      #expect(try await npm.served()["app.test"]?["forward_port"] == 82)
    }
  }

  @Test func `rollback goes to what a run wrote, not to what somebody did to it later`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      let a = desiredHost("a", hostSpec(["a.test"])), b = desiredHost("b", hostSpec(["b.test"]))
      try await me.apply(a, b)
      try await npm.asAdmin("DELETE", "/api/nginx/proxy-hosts/1")
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/2", ["forward_port": 99])
      try await me.apply(a, b)
      let report = try await me.rollBack(to: 1)
      #expect(verdicts(report).isEmpty)
      #expect(Set(try await npm.served().keys) == ["a.test", "b.test"])
    }
  }

  @Test func `an adoption that nginx refuses leaves no trace`() async throws {
    try await withSimulator { npm in
      _ = try await npm.createByHand("hand.test")
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/1", ["advanced_config": "nonsense on;"])
      let me = Operator(npm)
      let worse = desiredHost("hand", hostSpec(["hand.test"], ["advanced_config": "other nonsense;"]))
      let report = try await me.on(.adopt(Adoption(acceptsChanges: true))).apply(worse)
      #expect(verdicts(report) == ["hand failed"])
      let host = try await npm.hosts()[0]
      #expect(host["meta"]["reconciler"].isNull && host["advanced_config"] == "nonsense on;")
      #expect(try await me.stores.ledger.entries().isEmpty)
    }
  }

  @Test func `a host whose marker somebody took is forgotten, not deleted`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      let z = desiredHost("z", hostSpec(["z.test"]))
      try await me.apply(desiredHost("shop", hostSpec(["shop.test"])), z)
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/1", ["meta": [:]])
      let before = try await npm.writes().count
      #expect(try await verdicts(me.apply(z)) == ["shop applied"])
      #expect(try await npm.writes().count == before)
      #expect(try await npm.served()["shop.test"] != nil)
      #expect(try await me.stores.ledger.entries().map(\.key.name) == ["z"])
    }
  }

  @Test func `rollback brings back what the YAML said of a life`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      let z = desiredHost("z", hostSpec(["z.test"]))
      let kept = desiredHost("kept", hostSpec(["kept.test"])).with { $0.lifecycle.isProtected = true }
      let free = desiredHost("free", hostSpec(["free.test"])).with { $0.lifecycle.onDelete = .orphan }
      try await me.apply(kept, free, z)
      let renamed = desiredHost("other", hostSpec(["kept.test"])).with { $0.lifecycle.isProtected = true }
      try await me.apply(renamed, z)
      try await me.rollBack(to: 1)
      let lives = try await me.stores.ledger.entries().map {
        "\($0.key.name) \($0.lifecycle.isProtected) \($0.lifecycle.onDelete)"
      }
      #expect(lives == ["free false orphan", "kept true delete", "z false delete"])
      try await me.apply(z)
      #expect(Set(try await npm.served().keys) == ["free.test", "kept.test", "z.test"])
    }
  }

  @Test func `rollback never deletes what was there by hand, nor takes another's host for a released one`() async throws
  {
    try await withSimulator { npm in
      let me = Operator(npm)
      let z = desiredHost("z", hostSpec(["z.test"]))
      var a = desiredHost("a", hostSpec(["a.test"]))
      try await me.apply(a, z)
      try await me.apply(z)
      _ = try await npm.createByHand("a.test")
      try await me.on(.adopt(Adoption(acceptsChanges: true))).apply(a, z)
      #expect(try await me.rollBack(to: 2).count(.failed) == 0)
      #expect(Set(try await npm.served().keys) == ["a.test", "z.test"])
      a = a.with { $0.lifecycle.onDelete = .orphan }
      try await me.apply(a, z)
      try await me.apply(z)
      let id = try #require(try await npm.hosts().first { $0["domain_names"] == ["a.test"] })["id"].intValue ?? 0
      try await npm.asAdmin("DELETE", "/api/nginx/proxy-hosts/\(id)")
      let stranger = try await npm.createByHand("a.test")
      let before = try await npm.hosts().first { $0["id"] == .int(stranger) }
      let last = try #require(try await me.stores.runs.runs(limit: 1).first)
      try await me.rollBack(to: last.number - 1)
      #expect(try await npm.hosts().first { $0["id"] == .int(stranger) } == before)
    }
  }

  @Test func `rollback follows a host through its names and domains`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      try await me.apply(desiredHost("a", hostSpec(["a.test"])))
      try await me.apply(desiredHost("z", hostSpec(["a.test"])))
      try await me.apply(desiredHost("z", hostSpec(["new.test"])))
      #expect(try await verdicts(me.rollBack(to: 1)) == ["a applied"])
      let hosts = try await npm.hosts()
      #expect(hosts.count == 1 && hosts[0]["id"] == 1 && hosts[0]["domain_names"] == ["a.test"])
      #expect(hosts[0]["meta"]["reconciler"]["name"] == "a")
    }
  }

  @Test func `rollback does not bring back what a hand did after a run that failed`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      try await me.apply(desiredHost("a", hostSpec(["a.test"], port: 1001)))
      try await me.apply(desiredHost("a", hostSpec(["a.test"], port: 1002, ["advanced_config": "nonsense on;"])))
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/1", ["forward_port": 6666])
      try await me.apply(desiredHost("a", hostSpec(["a.test"], port: 1003)))
      try await me.rollBack(to: 2)
      #expect(try await npm.served()["a.test"]?["forward_port"] == 1001)
    }
  }

  @Test func `an adoption that was cut off can be made again`() async throws {
    try await withSimulator { npm in
      _ = try await npm.createByHand("h.test")
      let me = Operator(npm)
      let wanted = desiredHost("h", hostSpec(["h.test", "more.test"]))
      let errand = me.on(.adopt(Adoption(acceptsChanges: true)))
      try await npm.faults([["method": "PUT", "path": "/api/nginx", "when": "before", "action": "reset", "count": 9]])
      #expect(try await verdicts(errand.apply(wanted)) == ["h failed"])
      try await npm.faults([])
      #expect(try await verdicts(errand.apply(wanted)) == ["h applied"])
      #expect(try await npm.hosts()[0]["meta"]["reconciler"]["name"] == "h")
    }
  }

  @Test func `rollback turns a rename back and keeps to the policy`() async throws {
    try await withSimulator { npm in
      var me = Operator(npm)
      try await me.apply(desiredHost("old", hostSpec(["app.test"])))
      try await me.apply(desiredHost("new", hostSpec(["app.test"])), desiredHost("made", hostSpec(["made.test"])))
      me.settings.policy = .upsertOnly
      #expect(try await verdicts(me.rollBack(to: 1)) == ["old applied"])
      #expect(try await me.stores.ledger.entries().map(\.key.name) == ["made", "old"])
      #expect(try await npm.served()["made.test"] != nil)
    }
  }

  // MARK: Location of errors

  @Test func `nginx's complaint points at the line of YAML`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      try await me.apply(desiredHost("app", hostSpec(["app.test"])))
      let config = "client_max_body_size 0;\nproxy_bufering off;\n"
      let value = SourceLocation(file: "desired/a.yaml", line: 7, column: 22)
      let source = FieldSource(value, endLine: 10, endColumn: 1, blockLine: 8)
      let bad = desiredHost("app", hostSpec(["app.test"], ["advanced_config": .string(config)]))
        .at(value, fields: ["advanced_config": source])
      let error = try #require(try await me.apply(bad).outcomes.first?.error)
      #expect(error.message.contains("proxy_bufering"))
      #expect(error.location?.line == 9)
      #expect(error.hint == "the previous configuration is back and serving")
    }
  }
}
