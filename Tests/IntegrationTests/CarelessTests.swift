import Model
import Platform
import TestSupport
import Testing

/// Careless edits and odd names: the real binary.
@Suite struct CarelessTests {
  @Test func `an export writes where it was told, one file for each host, whatever markers say`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write("victim/notes.yaml", "precious: true\n")
      let owner = "reconciler"
      _ = try await npm.createByHand(
        "one.test", meta: ["reconciler": ["owner": .string(owner), "name": "../victim/notes"]])
      for domain in ["two.test", "three.test"] {
        _ = try await npm.createByHand(domain, meta: ["reconciler": ["owner": .string(owner), "name": "web"]])
      }
      let run = try await place.run("export", "--out", "ex", "--split")
      #expect(run.exit == 0, "\(run.errors)")
      #expect(try place.scratch.read("victim/notes.yaml") == "precious: true\n")
      let names = try Files.below("\(place.scratch.path)/ex/proxy_hosts").files.map {
        $0.split(separator: "/").last ?? ""
      }
      #expect(names == ["one.yaml", "three.yaml", "two.yaml"])
    }
  }

  @Test func `no line of the settings is ever shown`() async throws {
    let scratch = try Scratch()
    let wrong = [
      "npm:\n  password: hunter2\n", "npm:\n  secret: [hunter2]\n", "npm:\n  secret: @hunter2\n",
      "npm:\n  secret: !hunter2 x\n", "npm:\n  secret: *hunter2\n", "npm:\n  secret: hunter2: x\n",
      "npm:\n  secret: hunter2\n  secret: b\n", "npm_secret: hunter2\n", "npm:\n  secret: ${hunter2}\n",
      "npm:\n  proxy: u:hunter2@host\n", "npm:\n  url: admin:hunter2@npm\n",
    ]
    for text in wrong {
      try scratch.write("reconciler.yaml", text)
      for format in ["text", "json"] {
        let run = try await ProgramRun.run(["diff", "-o", format], in: scratch.path)
        #expect(run.exit == 3, "\(text)")
        #expect(!(run.output + run.errors).contains("hunter2"), "\(text): \(run.output)\(run.errors)")
      }
    }
  }

  @Test func `what is asked for and not done is never called done`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      let made = try await place.run("apply", "--yes")
      #expect(made.output.contains("undo with: reconciler rollback --to 0 --policy sync"), "\(made.output)")
      try place.desire("ghost", "ghost.test")
      try place.desire("a", "a.test", port: 81)
      let ghost = try await place.run("adopt", "ghost", "--yes")
      #expect(ghost.exit == 4 && ghost.output.contains("NPM has no host with its domains"), "\(ghost.output)")
      let all = try await place.run("adopt", "--all", "--yes")
      #expect(all.exit == 0 && all.output.contains("Nothing to take over; 2 differ or are missing"), "\(all.output)")
      try await place.run("apply", "--yes", exits: 0)
      try await place.run("rollback", "--yes", exits: 0)
      let status = try await place.run("status")
      #expect(status.output.contains("outdated") && !status.output.contains("in sync since"), "\(status.output)")
      try await place.run("apply", "--yes", exits: 0)
      #expect(try await place.run("status").output.contains("in sync since"))
    }
  }

  @Test func `an adoption that moves a destination is checked like any other change`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      _ = try await npm.createByHand("live.test")
      try place.desire("live", "live.test", port: 1, "validate: enforce")
      let run = try await place.run("adopt", "live", "--accept-changes", "--yes")
      #expect(run.exit == 5 && run.output.contains("failed its check (tcp)"), "\(run.output)")
      #expect(try await npm.hosts()[0]["meta"]["reconciler"].isNull)
    }
  }

  @Test func `a plan is not written where it would be desired`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      let text = try place.scratch.read("desired/a.yaml")
      for file in ["desired/a.yaml", "desired/../desired/plan.json"] {
        let run = try await place.run("diff", "--out", file)
        #expect(run.exit == 64 && run.errors.contains("lies in desired/"), "\(run.errors)")
      }
      #expect(try place.scratch.read("desired/a.yaml") == text)
    }
  }

  @Test func `a plan's digest is found among values that look like one`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      try await place.run("apply", "--yes", exits: 0)
      let odd = "validate: off\n    advanced_config: '# Plan sha256:0123456789abcdef'"
      try place.desire("a", "a.test", odd + "\n    suspend: { until: 2999-01-01 }")
      for format in ["text", "json", "markdown"] {
        try place.desire("new-\(format)", "\(format).test", odd)
        try await place.run("diff", "-o", format, "--out", "plan.out", exits: 0)
        let run = try await place.run("apply", "--yes", "--plan", "plan.out")
        #expect(run.exit == 0, "\(format): \(run.errors)")
      }
    }
  }

  @Test func `a link to the state has no lock of its own`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      try await place.run("apply", "--yes", "--state", "s/state.db", exits: 0)
      try place.scratch.link("link.db", to: "s/state.db")
      let lock = try #require(try FileLock.take("\(place.scratch.path)/s/state.db.lock", holder: "somebody"))
      let run = try await place.run("apply", "--yes", "--state", "link.db")
      #expect(run.exit == 6)
      withExtendedLifetime(lock) {}
    }
  }

  @Test func `a proxy that is away is not taken for NPM`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      try place.scratch.write("reconciler.yaml", "npm: { proxy: 'http://u:hunter2@127.0.0.1:1' }\n")
      let run = try await place.run("diff")
      #expect(run.exit == 1 && run.errors.contains("the proxy on the way takes no connection"), "\(run.errors)")
      #expect(!run.errors.contains("hunter2"))
    }
  }
}
