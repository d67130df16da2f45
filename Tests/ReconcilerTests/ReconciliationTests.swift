import Model
import NPMClient
import Planning
import Platform
import Probe
import Reconciler
import Store
import TestSupport
import Testing

/// Reconciliation with a simulated NPM over a real socket: the tests check what NPM stores and serves afterwards.
@Suite struct ReconciliationTests {
  // MARK: Basic operations

  @Test func `hosts are created, changed and deleted, and a second apply writes nothing`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      let app = desiredHost("app", hostSpec(["B.app.test", "app.test"])),
        old = desiredHost("old", hostSpec(["old.test"]))
      #expect(try await verdicts(me.apply(app, old)) == ["app applied", "old applied"])
      #expect(Set(try await npm.served().keys) == ["app.test", "b.app.test", "old.test"])
      let writes = try await npm.writes().count
      #expect(try await me.apply(app, old).outcomes.isEmpty)
      #expect(try await npm.writes().count == writes)
      try await me.apply(desiredHost("app", hostSpec(["app.test"], port: 81)))
      #expect(try await npm.served()["app.test"]?["forward_port"] == 81)
      #expect(try await npm.served()["old.test"] == nil)
      #expect(try await me.stores.ledger.entries().map(\.key.name) == ["app"])
    }
  }

  /// Whether the first run of several, on these days, is remembered after the last one.
  private func remembersFirst(ofRunsOn days: [Double]) async throws -> Bool {
    var isRemembered = false
    try await withSimulator { npm in
      var me = Operator(npm)
      let start = Timestamp.now
      for (index, day) in days.enumerated() {
        me.settings.now = { start + day * 86400 }
        try await me.apply(desiredHost("app", hostSpec(["app.test"], port: 80 + index)))
      }
      let events = try await me.stores.events.events(EventFilter())
      let hasEvent = events.contains { $0.event.source == "apply" && $0.at == start }
      let hasRun = try await me.stores.runs.history(after: 0).contains { $0.intent.run == 1 }
      #expect(hasEvent == hasRun)
      isRemembered = hasRun
    }
    return isRemembered
  }

  @Test func `a clock that jumps ahead for one run erases no history, and time that passes does`() async throws {
    #expect(try await remembersFirst(ofRunsOn: [0, 1, 3650, 2]))
    #expect(try await !remembersFirst(ofRunsOn: [0, 1, 200, 201]))
  }

  @Test func `the marker is merged into what others keep in meta`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      try await me.apply(desiredHost("app", hostSpec(["app.test"])))
      var meta = try await npm.hosts()[0]["meta"].objectValue ?? [:]
      meta["theirs"] = "keep"
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/1", ["meta": .object(meta)])
      try await me.apply(desiredHost("app", hostSpec(["app.test"], port: 9)))
      let after = try await npm.hosts()[0]["meta"]
      #expect(after["theirs"] == "keep")
      #expect(after["reconciler"]["owner"] == "homelab" && after["reconciler"]["name"] == "app")
    }
  }

  @Test func `enable and disable use their own calls, so that the data plane follows`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      try await me.apply(desiredHost("app", hostSpec(["app.test"])))
      try await me.apply(desiredHost("app", hostSpec(["app.test"], port: 81, ["enabled": false])))
      #expect(try await npm.served()["app.test"] == nil)
      #expect(try await npm.hosts()[0]["forward_port"] == 81)
      try await me.apply(desiredHost("app", hostSpec(["app.test"], port: 82)))
      #expect(try await npm.served()["app.test"]?["forward_port"] == 82)
      #expect(try await me.plan(desiredHost("app", hostSpec(["app.test"], port: 82))).plan.isEmpty)
    }
  }

  @Test func `a host can be created disabled`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      let off = desiredHost("app", hostSpec(["app.test"], ["enabled": false]))
      let report = try await me.apply(off)
      #expect(verdicts(report) == ["app applied"])
      #expect(try await npm.served()["app.test"] == nil)
      #expect(try await me.plan(off).plan.isEmpty)
    }
  }

  @Test func `two operators with different owners leave each other alone`() async throws {
    try await withSimulator { npm in
      let one = Operator(npm, owner: "one"), two = Operator(npm, owner: "two")
      try await one.apply(desiredHost("app", hostSpec(["one.test"])))
      try await two.apply(desiredHost("app", hostSpec(["two.test"])))
      try await two.apply(desiredHost("other", hostSpec(["other.test"])))
      #expect(Set(try await npm.served().keys) == ["one.test", "other.test"])
      let blocked = try await two.plan(desiredHost("mine", hostSpec(["one.test"])))
      #expect(blocked.plan.changes.compactMap(\.blockReason?.code).contains(.domainTaken))
    }
  }

  // MARK: Refused by nginx

  @Test func `a host that nginx refuses is a failure and is never called in sync`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      let bad = desiredHost("app", hostSpec(["app.test"], ["advanced_config": "nonsense on;"]))
      let report = try await me.apply(bad)
      #expect(report.outcomes.first?.error?.code == .nginxRefused)
      #expect(report.outcomes.first?.error?.message.contains("unknown directive \"nonsense\"") == true)
      #expect(try await me.plan(bad).plan.isEmpty == false)
      #expect(try await verdicts(me.apply(bad)) == ["app failed"])
      #expect(try await npm.hosts().count == 1)
      #expect(try await verdicts(me.apply(desiredHost("app", hostSpec(["app.test"])))) == ["app applied"])
    }
  }

  @Test func `when nginx refuses a change the previous configuration is back and serving`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      try await me.apply(desiredHost("app", hostSpec(["app.test"], port: 81)))
      let bad = desiredHost("app", hostSpec(["app.test"], port: 82, ["advanced_config": "nonsense on;"]))
      let other = desiredHost("other", hostSpec(["other.test"]))
      let report = try await me.apply(bad, other)
      #expect(verdicts(report) == ["app failed", "other applied"])
      #expect(report.outcomes[0].error?.hint == "the previous configuration is back and serving")
      #expect(try await npm.served()["app.test"]?["forward_port"] == 81)
      #expect(try await me.plan(bad, other).plan.changes.map(\.key.name) == ["app"])
    }
  }

  @Test(arguments: ["broken", "stopped"])
  func `while nginx is down nothing counts as applied, and later it converges`(state: String) async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      let app = desiredHost("app", hostSpec(["app.test"], port: 81))
      try await me.apply(desiredHost("app", hostSpec(["app.test"])))
      try await npm.nginx(state)
      #expect(try await verdicts(me.apply(app)) == ["app failed"])
      #expect(try await me.plan(app).plan.isEmpty == false)
      try await npm.nginx("ok")
      #expect(try await verdicts(me.apply(app)) == ["app applied"])
      #expect(try await npm.served()["app.test"]?["forward_port"] == 81)
      #expect(try await me.plan(app).plan.isEmpty)
    }
  }

  @Test func `a host that was deleted for a successor is back when nginx refuses the successor`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      try await me.apply(desiredHost("old", hostSpec(["app.test", "more.test"], port: 81)))
      let successor = desiredHost("new", hostSpec(["app.test"], ["advanced_config": "nonsense on;"]))
      let report = try await me.apply(successor)
      #expect(report.outcomes.last?.error?.code == .nginxRefused)
      #expect(report.outcomes.last?.error?.hint?.hasPrefix("'old' is back and serving") == true)
      #expect(try await npm.served()["app.test"]?["forward_port"] == 81)
      #expect(try await npm.hosts().count == 1)
      #expect(try await me.stores.ledger.entries().map(\.key.name) == ["old"])
      let right = try await me.apply(desiredHost("new", hostSpec(["app.test"], port: 82)))
      #expect(Set(verdicts(right)) == ["old applied", "new applied"])
      #expect(try await npm.served()["app.test"]?["forward_port"] == 82)
    }
  }

  @Test func `a domain that was moved is back where it was when nginx refuses its new host`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      try await me.apply(desiredHost("a", hostSpec(["x.test", "y.test"], port: 81)))
      let bad = desiredHost("b", hostSpec(["x.test"], ["advanced_config": "nonsense on;"]))
      let report = try await me.apply(desiredHost("a", hostSpec(["y.test"], port: 81)), bad)
      #expect(report.outcomes.last?.error?.hint?.hasPrefix("'a' is back and serving") == true)
      #expect(try await npm.served()["x.test"]?["forward_port"] == 81)
      #expect(try await npm.hosts().count == 1)
    }
  }

  @Test func `a stop does not come between a delete and its successor`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      try await me.apply(desiredHost("old", hostSpec(["app.test", "more.test"])))
      let planned = try await me.plan(desiredHost("new", hostSpec(["app.test"], port: 82)))
      let stop = ShutdownSignal()
      let report = try await me.run.apply(planned, stop: stop) { if case .ended = $0 { stop.request() } }
      #expect(verdicts(report) == ["old applied", "new applied"])
      #expect(try await npm.served()["app.test"]?["forward_port"] == 82)
    }
  }

  @Test func `a restore that failed is made up for by the next run`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      try await me.apply(desiredHost("app", hostSpec(["app.test"], port: 81)))
      let bad = desiredHost("app", hostSpec(["app.test"], port: 82, ["advanced_config": "nonsense on;"]))
      let put: [String: JSONValue] = ["method": "PUT", "path": "/api/nginx", "when": "before"]
      try await npm.faults([
        .object(put.merging(["action": "delay", "delay_ms": 1]) { $1 }),
        .object(put.merging(["action": "status", "status": 502, "count": 3]) { $1 }),
      ])
      #expect(try await verdicts(me.apply(bad)) == ["app failed"])
      #expect(try await npm.served()["app.test"] == nil)
      try await npm.faults([])
      let report = try await me.apply(bad)
      #expect(report.outcomes.first?.error?.hint == "the previous configuration is back and serving")
      #expect(try await npm.served()["app.test"]?["forward_port"] == 81)
    }
  }

  @Test func `a host that was switched off while nginx was broken is not called done`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      let off = desiredHost("app", hostSpec(["app.test"], ["enabled": false]))
      let gone = desiredHost("gone", hostSpec(["gone.test"]))
      try await me.apply(desiredHost("app", hostSpec(["app.test"])), gone)
      try await npm.nginx("broken")
      let report = try await me.apply(off)
      #expect(report.outcomes.map { $0.error?.code } == [.nginxUnconfirmed, .nginxUnconfirmed])
      try await npm.nginx("ok")
      let before = try await npm.send("GET", "/simulator/served").json["reloads"].intValue ?? 0
      #expect(try await verdicts(me.apply(off)) == ["app applied"])
      #expect(try await npm.send("GET", "/simulator/served").json["reloads"].intValue ?? 0 > before)
      #expect(try await npm.served().isEmpty)
      #expect(try await me.plan(off).plan.isEmpty)
    }
  }

  @Test func `an NPM that never answered is not what the store is bound to`() async throws {
    try await withSimulator { npm in
      let stores = StoreSet(MemoryStore())
      let port = try reservedPort()
      let wrong = ReconcileOptions(npmURL: "http://127.0.0.1:\(port)", owner: "homelab")
      try await npm.faults([["path": "/api/", "action": "reset", "when": "before", "count": 9]])
      let run = Reconciliation(gateway: npm.gateway(), stores: stores, prober: nil, settings: wrong)
      await #expect { try await run.plan(DesiredState()) } throws: { ($0 as? NPMError)?.code == .upstreamReset }
      #expect(try await stores.binding.boundNPM() == nil)
    }
  }

  // MARK: Unknown results

  private static let spoiled: [JSONValue] = [
    ["when": "before", "action": "reset"], ["when": "after", "action": "reset"],
    ["when": "before", "action": "status", "status": 500], ["when": "after", "action": "status", "status": 500],
    ["when": "after", "action": "truncate"], ["when": "after", "action": "html"], ["when": "before", "action": "html"],
    ["when": "after", "action": "stall"],
  ]

  @Test(arguments: spoiled, ["POST", "PUT", "DELETE"])
  func `after any unclear answer the next run converges without duplicate or orphan`(
    fault: JSONValue, method: String
  ) async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      try await me.apply(desiredHost("b", hostSpec(["b.test"])), desiredHost("c", hostSpec(["c.test"])))
      let wanted = [desiredHost("a", hostSpec(["a.test"])), desiredHost("b", hostSpec(["b.test"], port: 82))]
      let rule = (fault.objectValue ?? [:]).merging(["method": .string(method), "path": "/api/nginx"]) { $1 }
      try await npm.faults([.object(rule)])
      let report = try await me.apply(wanted[0], wanted[1])
      try await npm.faults([])
      // What was reported as applied must be true.
      for outcome in report.outcomes where outcome.status == .applied && outcome.change.action != .delete {
        #expect(try await npm.served()[outcome.change.claims[0]] != nil)
      }
      try await me.apply(wanted[0], wanted[1])
      #expect(try await npm.hosts().map { $0["domain_names"].summary } == ["a.test", "b.test"])
      #expect(try await npm.served()["b.test"]?["forward_port"] == 82)
      #expect(try await me.plan(wanted[0], wanted[1]).plan.isEmpty)
      #expect(try await me.stores.ledger.entries().map(\.key.name) == ["a", "b"])
    }
  }

  @Test func `a host that somebody changed after the plan is not overwritten`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      try await me.apply(desiredHost("app", hostSpec(["app.test"])))
      let planned = try await me.plan(desiredHost("app", hostSpec(["app.test"], port: 82)))
      try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/1", ["forward_port": 99])
      let report = try await me.run.apply(planned, stop: ShutdownSignal())
      #expect(report.outcomes.first?.error?.code == .objectChanged)
      #expect(try await npm.hosts()[0]["forward_port"] == 99)
    }
  }

  @Test func `when NPM goes away the rest is not attempted`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      let planned = try await me.plan(desiredHost("a", hostSpec(["a.test"])), desiredHost("b", hostSpec(["b.test"])))
      let run = me.run
      try await npm.stop()
      let report = try await run.apply(planned, stop: ShutdownSignal())
      #expect(verdicts(report) == ["a failed", "b not_attempted"])
    }
  }

  @Test func `a stop finishes the change in flight and leaves the rest`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      let planned = try await me.plan(desiredHost("a", hostSpec(["a.test"])), desiredHost("b", hostSpec(["b.test"])))
      let stop = ShutdownSignal()
      let report = try await me.run.apply(planned, stop: stop) { if case .ended = $0 { stop.request() } }
      #expect(verdicts(report) == ["a applied", "b not_attempted"])
      #expect(report.wasInterrupted)
    }
  }

  @Test func `the store of another NPM is refused`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      try await me.stores.binding.bind(npm: "http://elsewhere")
      await #expect { try await me.plan() } throws: { ($0 as? StoreError)?.code == .storeOtherNPM }
    }
  }

  @Test func `a list that lacks most of what is ours is not acted upon`() async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      let hosts = (0..<6).map { desiredHost("h\($0)", hostSpec(["h\($0).test"])) }
      let all = DesiredState(resources: hosts, fileCount: 1)
      _ = try await me.run.apply(me.run.plan(all), stop: ShutdownSignal())
      for id in 1...4 { try await npm.asAdmin("DELETE", "/api/nginx/proxy-hosts/\(id)") }
      #expect(try await me.run.plan(all).refusals.map(\.code) == [.incompleteList])
      try await npm.asAdmin("DELETE", "/api/nginx/proxy-hosts/5")
      var settings = ReconcileOptions(npmURL: npm.url, owner: "homelab")
      settings.trustsMarkers = true
      let run = Reconciliation(gateway: npm.gateway(), stores: me.stores, prober: nil, settings: settings)
      let planned = try await run.plan(all)
      #expect(planned.refusals.isEmpty && planned.plan.count(.create) == 5)
    }
  }

  @Test(arguments: [(1, 1, true), (2, 1, false), (3, 2, true), (3, 1, false)])
  func `the guard against a short list holds from the first host`(owned: Int, gone: Int, isRefused: Bool) async throws {
    try await withSimulator { npm in
      let me = Operator(npm)
      let hosts = (0..<owned).map { desiredHost("h\($0)", hostSpec(["h\($0).test"])) }
      let all = DesiredState(resources: hosts, fileCount: 1)
      _ = try await me.run.apply(me.run.plan(all), stop: ShutdownSignal())
      for id in 1...gone { try await npm.asAdmin("DELETE", "/api/nginx/proxy-hosts/\(id)") }
      #expect(try await me.run.plan(all).refusals.map(\.code) == (isRefused ? [.incompleteList] : []))
    }
  }

  @Test func `a host with our marker that nobody knows is pointed out and left alone`() async throws {
    try await withSimulator { npm in
      let meta: JSONValue = ["reconciler": ["owner": "homelab", "name": "ghost", "fingerprint": ""]]
      let id = try await npm.createByHand("ghost.test", meta: meta)
      let planned = try await Operator(npm).plan(desiredHost("app", hostSpec(["app.test"])))
      #expect(planned.warnings.map(\.code) == [.ledgerMissing])
      #expect(planned.warnings.first?.message.contains("host \(id)") == true)
      #expect(planned.plan.changes.map(\.key.name) == ["app"])
    }
  }

  @Test func `a lost store is rebuilt from the markers when that is asked for`() async throws {
    try await withSimulator { npm in
      let app = desiredHost("app", hostSpec(["app.test"]))
      try await Operator(npm).apply(app)
      let fresh = Operator(npm)
      #expect(try await fresh.plan(app).plan.changes.compactMap(\.blockReason?.code) == [.ledgerMissing])
      var settings = ReconcileOptions(npmURL: npm.url, owner: "homelab")
      settings.trustsMarkers = true
      let run = Reconciliation(gateway: npm.gateway(), stores: fresh.stores, prober: nil, settings: settings)
      let report = try await run.apply(run.plan(desiredState(app)), stop: ShutdownSignal())
      #expect(verdicts(report) == ["app applied"])
      #expect(try await fresh.plan(app).plan.isEmpty)
    }
  }
}
