import Foundation
import Model
import Platform
import TestSupport
import Testing

/// Undo by health where something else is in its way: the real binary with real backends.
@Suite struct HealthRollbackTests {
  private func port(_ npm: SimulatedNPM) async throws -> Int? {
    try await npm.served()["app.test"]?["forward_port"].intValue
  }

  /// Returns after two more reconciliations.
  private func twoReconciliations(_ place: Workplace) async throws {
    for _ in 0..<2 {
      let last = place.status("status.json")["last_reconcile"]
      try await until {
        let now = place.status("status.json")["last_reconcile"]
        return now != last && !now.isNull
      }
    }
  }

  /// A host that was changed, and is unhealthy since; `obstruct` is called between the two.
  private func withUnhealthyChange(
    faults: [JSONValue] = [], obstruct: (SimulatedNPM, Workplace) async throws -> Void = { _, _ in },
    _ body: (SimulatedNPM, Workplace, (good: Int, bad: Int)) async throws -> Void
  ) async throws {
    try await withSimulator { npm in
      try await withBackend { good in
        try await withBackend(status: 500) { bad in
          let place = try Workplace(npm)
          try place.scratch.write(
            "reconciler.yaml",
            """
            watch: { interval: 1s, rollback: { unhealthy_for: 5m } }
            health: { interval: 1s, failure_threshold: 5, success_threshold: 1 }
            """)
          try place.desire("app", "app.test", port: good, "validate: warn")
          let daemon = try place.start("watch")
          try await until { place.status("health.json")["counts"]["healthy"] == 1 }
          try await npm.faults(faults)
          try place.desire("app", "app.test", port: bad, "validate: warn")
          try await until { try await port(npm) == bad }
          try await obstruct(npm, place)
          try await until { place.status("health.json")["counts"]["unhealthy"] == 1 }
          try await body(npm, place, (good, bad))
          daemon.terminate()
          #expect(await daemon.result().exit == 0)
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `while everything is suspended nothing is undone, and then it is`() async throws {
    try await withUnhealthyChange(obstruct: { _, place in try await place.run("suspend", "--all", exits: 0) }) {
      npm, place, ports in
      try await twoReconciliations(place)
      #expect(try await port(npm) == ports.bad)
      try await place.run("resume", "--all", exits: 0)
      try await until { try await port(npm) == ports.good }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `what an operator suspended stays as it is`() async throws {
    try await withUnhealthyChange(obstruct: { _, place in try await place.run("suspend", "app", exits: 0) }) {
      npm, place, ports in
      try await twoReconciliations(place)
      #expect(try await port(npm) == ports.bad)
    }
  }

  @Test(.timeLimit(.minutes(5)), arguments: ["GET", "PUT"])
  func `an undo waits for an NPM that is away`(method: String) async throws {
    let faults: [JSONValue] = [
      ["method": .string(method), "path": "/api/", "when": "before", "action": "status", "status": 502, "count": 1000]
    ]
    try await withUnhealthyChange(obstruct: { npm, _ in try await npm.faults(faults) }) { npm, place, ports in
      let before = try await npm.requests().count
      try await until { try await npm.requests().dropFirst(before).contains { $0["method"] == .string(method) } }
      #expect(try await port(npm) == ports.bad)
      try await npm.faults([])
      try await until { try await port(npm) == ports.good }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a change that NPM stored but did not confirm is undone, too`() async throws {
    // The first call for this host looks at it before the write, the next one would confirm it.
    let faults: [JSONValue] = [
      [
        "method": "GET", "path": "/api/nginx/proxy-hosts/1", "when": "before", "action": "status", "status": 502,
        "skip": 1, "count": 1000,
      ]
    ]
    try await withUnhealthyChange(faults: faults) { npm, place, ports in
      // Long enough that no later run could be the one that made it unhealthy.
      try await until {
        place.status("health.json")["proxies"].arrayValue?.first?["failures_in_a_row"].intValue ?? 0 > 9
      }
      #expect(try await port(npm) == ports.bad)
      try await npm.faults([])
      try await until { try await port(npm) == ports.good }
    }
  }
}
