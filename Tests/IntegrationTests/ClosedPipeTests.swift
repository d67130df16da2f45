import Platform
import TestSupport
import Testing

/// A reader may close the pipe at any time: no error is printed, and the exit code is that of the work.
@Suite struct ClosedPipeTests {
  private func run(_ place: Workplace, _ words: String) async throws -> ProgramRun {
    // `true` exits before it reads a byte; the program's own exit code counts.
    let script = "sleep 0.2 | true; \(ProgramRun.binary) \(words) | true; exit ${PIPESTATUS[0]}"
    return try await ProgramRun.run(
      ["-c", script], in: place.scratch.path, environment: place.environment, program: "/bin/bash")
  }

  @Test func `the exit code is that of the work, and nothing is said`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      for index in 0..<300 { try place.desire("h\(index)", "h\(index).test") }
      let cases: [(String, Int32)] = [
        ("validate", 0), ("validate -o json", 0), ("diff --exit-code", 2), ("diff -o json --exit-code", 2),
        ("diff -o markdown --exit-code", 2), ("export", 0), ("schema", 0), ("completion bash", 0), ("--help", 0),
        ("help diff", 0), ("version", 0), ("certificates", 0), ("events", 0), ("alerts", 0), ("rollback --list", 0),
        ("suspend", 0), ("diff --no-such-flag", 64), ("diff --desired nowhere -o json", 3), ("nonsense", 64),
      ]
      for (words, code) in cases {
        let run = try await run(place, words)
        #expect(run.exit == code, "\(words): \(run.errors)")
        let isSilent = run.errors.isEmpty || code == 64 || code == 3
        #expect(isSilent && !run.errors.contains("roken pipe"), "\(words): \(run.errors)")
      }
    }
  }

  @Test func `an apply whose reader is gone applies everything`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      for index in 0..<5 { try place.desire("h\(index)", "h\(index).test") }
      let run = try await run(place, "apply --yes")
      #expect(run.exit == 0 && run.errors.isEmpty, "\(run.errors)")
      #expect(try await npm.served().count == 5)
      let status = try await self.run(place, "status")
      #expect(status.exit == 0 && status.errors.isEmpty, "\(status.errors)")
    }
  }

  @Test(.timeLimit(.minutes(5))) func `what goes on ends when nobody reads`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await run(place, "events --follow").exit == 0)
      #expect(try await run(place, "status --watch").exit == 0)
    }
  }
}
