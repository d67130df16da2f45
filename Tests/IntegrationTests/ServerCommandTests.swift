import Foundation
import Model
import Platform
import TestSupport
import Testing

/// Commands with `--server`: the daemon works, whoever runs the command has neither NPM's password nor the store.
@Suite struct ServerCommandTests {
  /// The working directory of a CI job.
  private struct Job {
    let scratch: Scratch
    var environment: [String: String]

    init(_ daemon: APIDaemon, token: String?) throws {
      scratch = try Scratch()
      environment = ["RECONCILER_SERVER": "unix:\(daemon.socket)"]
      if let token { environment["RECONCILER_TOKEN"] = token }
    }

    func run(_ arguments: String...) async throws -> ProgramRun {
      try await ProgramRun.run(arguments, in: scratch.path, environment: environment)
    }
  }

  @Test func `plan and apply, without anything but a token`() async throws {
    try await APIDaemon.with { npm, daemon in
      let writer = try await daemon.token("write")
      let job = try Job(daemon, token: writer)
      #expect(try await job.run("diff", "--exit-code").exit == 0)
      _ = try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/1", ["forward_port": 81])
      let diff = try await job.run("diff", "--exit-code")
      #expect(diff.exit == 2 && diff.output.contains("forward_port  81 -> 80"), "\(diff)")
      let json = try await job.run("diff", "-o", "json").json
      let local = try await daemon.place.run("diff", "--no-probe", "-o", "json").json
      #expect(json["changes"] == local["changes"] && json["digest"] == local["digest"] && json["digest"] != .null)
      #expect(try await job.run("diff", "-o", "markdown").output.contains("| update | app |"))
      let stale = try await job.run("apply", "--yes", "--plan", "0123456789ab")
      #expect(stale.exit == 7, "\(stale)")
      let digest = json["digest"].stringValue ?? ""
      let applied = try await job.run("apply", "--yes", "--plan", digest)
      #expect(applied.exit == 0 && applied.output.contains("1 applied"), "\(applied)")
      #expect(try await npm.asAdmin("GET", "/api/nginx/proxy-hosts/1")["forward_port"] == 80)
      #expect(try Files.entries(job.scratch.path).isEmpty)
    }
  }

  @Test func `status, validate and events are the daemon's`() async throws {
    try await APIDaemon.with { _, daemon in
      let job = try Job(daemon, token: nil)
      let status = try await job.run("status", "-o", "json")
      #expect(status.exit == 0 && status.json["counts"]["in_sync"] == 3, "\(status)")
      try await until { try await job.run("status").output.contains("app") }
      let validate = try await job.run("validate", "-o", "json")
      #expect(validate.json["destinations"].arrayValue?.count == 2, "\(validate)")
      #expect(try await job.run("validate", "app").output.contains("http://127.0.0.1:80"))
      let events = try await job.run("events", "-o", "json", "--source", "apply").json["events"].arrayValue ?? []
      let local = try await daemon.place.run("events", "-o", "json", "--source", "apply").json["events"]
      #expect(events.count == 3 && .array(events) == local)
    }
  }

  @Test func `events go on after the daemon was killed`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.desire("a", "a.test")
      let first = try await APIDaemon(place)
      let follower = try RunningProgram(
        ["events", "--follow", "--source", "apply", "-o", "json", "--server", "unix:\(first.socket)"],
        in: place.scratch.path, environment: [:])
      #expect(await follower.firstLine().contains("proxy_host/a"))
      first.program.killHard()
      _ = await first.program.result()
      let second = try await APIDaemon(place)
      try place.desire("b", "b.test")
      #expect(await follower.firstLine().contains("proxy_host/b"))
      follower.interrupt()
      #expect(await follower.result().exit == 130)
      await second.stop()
    }
  }

  @Test func `what the daemon refuses is said as it says it`() async throws {
    try await APIDaemon.with { _, daemon in
      let reader = try await daemon.token("read")
      let refused = try await Job(daemon, token: reader).run("apply", "--yes")
      #expect(refused.exit == 1 && refused.errors.contains("needs a token with the role 'write'"), "\(refused)")
      let unknown = try await Job(daemon, token: "nonsense").run("diff")
      #expect(
        unknown.exit == 1 && unknown.errors.contains("the token is not known") && !unknown.errors.contains("nonsense"))
      let job = try Job(daemon, token: reader)
      #expect(try await job.run("diff", "nothing").exit == 3)
      let lifted = try await job.run("apply", "--yes", "--allow-deletes")
      #expect(lifted.exit == 64 && lifted.errors.contains("--allow-deletes has no effect with --server"))
      let away = try await job.run("diff", "--server", "unix:/nowhere.sock")
      #expect(away.exit == 1 && away.errors.contains("does not answer"), "\(away)")
      #expect(try await job.run("diff", "--server", "ftp://x").exit == 3)
    }
  }
}
