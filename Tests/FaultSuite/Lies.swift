import Foundation
import Model
import TestSupport

/// NPM reports success while visitors get something else: the program must not report success.
extension Suite {
  /// One way in which NPM's reports differ from what it serves.
  private struct Lie {
    var name: String
    /// Changes the desired state and adds the disturbance; varied by number, so that runs differ.
    var disturb: (GuardedWorld, Int) async throws -> Void
    /// Ends the disturbance.
    var heal: (GuardedWorld, Int) async throws -> Void = { _, _ in }
    var runs = 6
  }

  func lies() async throws {
    for lie in Self.all {
      let name = "NPM lies: \(lie.name)"
      try await scenario(name) {
        for number in sample(Array(0..<lie.runs), 2) { add(name, try await verdict(lie, number), "run \(number)") }
      }
    }
  }

  private func verdict(_ lie: Lie, _ number: Int) async throws -> Verdict {
    let world = try await GuardedWorld()
    try await world.begin()
    world.npm.advance(2)
    try await lie.disturb(world, number)
    var verdict = Verdict()
    // `diff` must not report in sync while the served state differs.
    let look = try await world.run("diff", "--exit-code")
    if look.exit == 0, try await !world.unserved().isEmpty { verdict.lies += 1 }
    let first = try await world.run("apply", "--yes", "-o", "json")
    let lies = try await world.lies(first)
    verdict.lies += lies.count
    try await lie.heal(world, number)
    var last = try await world.run("apply", "--yes", "-o", "json")
    if last.exit != 0 { last = try await world.run("apply", "--yes", "-o", "json") }
    verdict.lies += try await world.lies(last).count
    let diff = try await world.run("diff", "--exit-code")
    let unserved = try await world.unserved()
    verdict.converged = diff.exit == 0 && unserved.isEmpty
    if !verdict.isGood {
      verdict.remark = "lies \(lies), unserved \(unserved)\nfirst: \(first.output)\nlast: \(last.output)\(diff.output)"
    }
    try await world.npm.stop()
    return verdict
  }

  private static var all: [Lie] {
    [
      Lie(name: "switched on without its list") { world, number in
        switch number % 3 {
        case 0: try await world.npm.switchOffAndOn(1)
        case 1:
          world.host("app", "app.test", port: 80, ", enabled: false", hasNginxState: false)
          _ = try await world.run("apply", "--yes")
          world.host("app", "app.test", port: 80 + number)
        default:
          try await world.npm.asAdmin("POST", "/api/nginx/proxy-hosts/1/disable")
          world.host("two", "two.test", port: 81)
        }
      },
      Lie(name: "404 hosts from their old row") { world, number in
        switch number % 3 {
        case 0: world.dead("dead2.test")
        case 1: world.dead("dead.test", "add_header X-A b;")
        default:
          try await world.npm.asAdmin("PUT", "/api/nginx/dead-hosts/1", ["advanced_config": ""])
        }
      },
      Lie(
        name: "a list with a refused host",
        disturb: { world, number in
          world.host("bad", "bad.test", port: 80, ", advanced_config: nonsense on;", hasNginxState: false)
          _ = try await world.run("apply", "--yes")
          if number % 2 == 0 { world.password = "another-word" }
          if number % 3 == 0 { try await world.npm.asAdmin("POST", "/api/nginx/proxy-hosts/3/enable") }
        }, heal: { world, _ in world.host("bad", "bad.test", port: 80) }),
      Lie(
        name: "a reload that failed",
        disturb: { world, number in
          try await world.npm.hold([number % 2 == 0 ? 5433 : 5432])
          if number % 2 == 0 { world.stream(5433) }
          if number % 3 != 0 { world.host("app", "app.test", port: 81) }
          if number > 2 { world.host("new", "new.test", port: 80) }
          if number % 2 == 1 { world.host("two", "two.test", port: 90 + number) }
        },
        heal: { world, number in if number % 2 == 0 { world.stream(5434) } else { try await world.npm.hold([]) } }),
      Lie(name: "two writers") { world, number in
        let other = try await world.npm.createByHand("theirs.test")
        world.host("app", "app.test", port: 81)
        world.host("new", "new.test", port: 80)
        world.dead("dead2.test")
        try await world.npm.rival(other, count: number + 1)
      },
      Lie(
        name: "nginx broken by something else",
        disturb: { world, number in
          try await world.npm.nginx(number % 2 == 0 ? "broken" : "stopped")
          world.host("app", "app.test", port: 81)
          world.host("new", "new.test", port: 80)
          if number > 2 { world.parts["move"] = nil }
        }, heal: { world, _ in try await world.npm.nginx("ok") }),
    ]
  }
}
