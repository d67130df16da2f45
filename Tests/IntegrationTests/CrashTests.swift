import Foundation
import Model
import TestSupport
import Testing

/// The real binary, killed as by a power loss.
@Suite(.serialized) struct CrashTests {
  @Test func `an apply of 50 hosts that is killed at any of 20 moments is finished by the next one`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      for index in 0..<50 { try place.desire("h\(index)", "h\(index).test") }
      var generator = Seeded(seed: 20_261_121)
      for trial in 0..<20 {
        try await npm.send("POST", "/simulator/reset", ["start": "fresh-admin"])
        try await npm.faults([["path": "/api/nginx", "action": "delay", "delay_ms": 2, "count": 100_000]])
        try? place.scratch.remove(".reconciler")
        let running = try place.start("apply", "--yes")
        // The moment is counted in requests to NPM, so that it falls into the run on any machine.
        let target = Int.random(in: 1...100, using: &generator)
        while running.isRunning, try await npm.writes().count < target / 2, try await npm.hosts().count < 50 {}
        running.killHard()
        _ = await running.result()
        let before = try await npm.hosts().count
        let next = try await place.run("apply", "--yes")
        #expect(next.exit == 0, "trial \(trial), \(before) hosts at the kill: \(next.errors)")
        let domains = try await npm.hosts().map { $0["domain_names"].summary }
        #expect(domains.count == 50 && Set(domains).count == 50, "trial \(trial): no duplicate, no orphan")
        #expect(try await npm.served().count == 50)
        try await place.run("diff", "--exit-code", exits: 0)
      }
    }
  }

  @Test func `no secret is left anywhere after a run with every fault`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      try place.desire("bad", "bad.test", "validate: off\n    advanced_config: nonsense on;")
      var printed = ""
      for action in ["status", "reset", "truncate", "html", "drip"] {
        for when in ["before", "after"] {
          for path in ["/api/tokens", "/api/nginx", "/api/"] {
            try? place.scratch.remove(".reconciler/token.json")
            let rule: JSONValue = [
              "path": .string(path), "action": .string(action), "when": .string(when), "delay_ms": 1, "count": 3,
            ]
            try await npm.faults([rule])
            let run = try await place.run("apply", "--yes", "-v", action == "html" ? "-ojson" : "-otext")
            printed += run.output + run.errors
          }
        }
      }
      try await npm.faults([])
      let running = try place.start("apply", "--yes", "-v")
      let arguments = try? String(contentsOfFile: "/proc/\(running.identifier)/cmdline", encoding: .utf8)
      printed += arguments ?? ""
      let last = await running.result()
      printed += last.output + last.errors
      let token = try await npm.token()
      #expect(!printed.contains(Workplace.secret))
      #expect(!printed.contains(String(token.prefix(8))))
      #expect(!printed.contains("Bearer"))
      let token2 = try place.scratch.read(".reconciler/token.json")
      try place.scratch.remove(".reconciler/token.json")
      #expect(token2.contains("token"))
      #expect(!(try place.scratch.everything().contains(Workplace.secret)))
      #expect(!(try place.scratch.everything().contains("sim.1.")))
    }
  }
}
