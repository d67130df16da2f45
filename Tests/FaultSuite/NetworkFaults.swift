import Model
import TestSupport

/// Every call of an apply, answered with every kind of invalid response.
extension Suite {
  private static let kinds: [(name: String, rule: [String: JSONValue])] = [
    ("reset before the call is carried out", ["action": "reset", "when": "before"]),
    ("reset after it was carried out", ["action": "reset", "when": "after"]),
    ("stall past the budget, not carried out", ["action": "stall", "when": "before", "delay_ms": 3000]),
    ("stall past the budget, carried out", ["action": "stall", "when": "after", "delay_ms": 3000]),
    ("500 before", ["action": "status", "status": 500, "when": "before"]),
    ("500 after", ["action": "status", "status": 500, "when": "after"]),
    ("the right answer, cut in half", ["action": "truncate", "when": "after"]),
    ("HTML instead of JSON, status 502", ["action": "html", "when": "before"]),
    ("HTML instead of JSON, status 200", ["action": "html", "status": 200, "when": "after"]),
    ("wrong content type", ["action": "mislabel", "when": "after"]),
    ("401 in the middle", ["action": "status", "status": 401, "when": "before"]),
    (
      "429 with Retry-After",
      ["action": "status", "status": 429, "when": "before", "headers": ["Retry-After": "1"]]
    ),
    ("slow drip", ["action": "drip", "when": "after", "delay_ms": 100]),
  ]

  func networkFaults(_ world: World) async throws {
    let count = try await callsOfAnApply(world)
    for kind in Self.kinds {
      try await scenario(kind.name) {
        for number in sample(Array(0..<count), 3) {
          try await world.reset()
          var rule = kind.rule
          rule["skip"] = .int(number)
          rule["path"] = "/api"
          try await world.npm.faults([.object(rule)])
          let first = try await world.run("apply", "--yes")
          add(kind.name, try await recover(world, after: first), "call \(number)")
        }
      }
    }
    try await outage(world, count)
  }

  /// NPM stops during a call, refuses all connections, and comes back later.
  private func outage(_ world: World, _ count: Int) async throws {
    let name = "refused: NPM stops at the call"
    try await scenario(name) {
      for number in sample(Array(0..<count), 3) {
        try await world.reset()
        try await world.npm.faults([["action": "stall", "skip": .int(number), "path": "/api"]])
        let program = try world.start("apply", "--yes")
        _ = try await world.arrival(of: number, isDone: false, before: program)
        let port = try await world.stopNPM()
        let first = await program.result()
        try world.startNPM(at: port)
        add(name, try await recover(world, after: first), "call \(number)")
      }
    }
  }

  /// The number of calls of an apply without faults.
  func callsOfAnApply(_ world: World) async throws -> Int {
    try await world.reset()
    let run = try await world.run("apply", "--yes")
    let count = try await world.calls().count
    guard run.exit == 0, count > 10 else { throw Surprise("an apply without faults: \(run.exit), \(count) calls") }
    return count
  }

  // MARK: Kills

  /// SIGKILL before and after NPM executes each call: this covers every step of the journal.
  func kills(_ world: World) async throws {
    let count = try await callsOfAnApply(world)
    let name = "SIGKILL at every step"
    try await scenario(name) {
      for number in sample(Array(0..<count), 8) {
        for isDone in [false, true] {
          try await world.reset()
          let when: JSONValue = isDone ? "after" : "before"
          try await world.npm.faults([["action": "stall", "when": when, "skip": .int(number), "path": "/api"]])
          let program = try world.start("apply", "--yes")
          _ = try await world.arrival(of: number, isDone: isDone, before: program)
          program.killHard()
          _ = await program.result()
          add(name, try await recover(world, after: nil), "call \(number), done \(isDone)")
        }
      }
    }
    let random = "SIGKILL at a random moment"
    try await scenario(random) {
      let length = try await duration(world)
      for number in 0..<(isShort ? 12 : 200) {
        try await world.reset()
        let moment = self.random(0...length)
        let program = try world.start("apply", "--yes")
        try await Task.sleep(for: .seconds(moment))  // the delay under test
        program.killHard()
        _ = await program.result()
        add(random, try await recover(world, after: nil), "kill \(number) after \(moment) s")
      }
    }
  }

  /// Duration of an apply in seconds.
  private func duration(_ world: World) async throws -> Double {
    try await world.reset()
    let start = ContinuousClock.now
    _ = try await world.run("apply", "--yes")
    return (ContinuousClock.now - start) / .seconds(1)
  }
}
