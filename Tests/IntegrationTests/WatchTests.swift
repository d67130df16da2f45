import Foundation
import Model
import Platform
import TestSupport
import Testing

/// `reconciler watch`, the real binary: every wait ends on a state of NPM or of the status files.
@Suite struct WatchTests {
  /// A daemon with its own simulator and one host; SIGTERM ends it, with exit code 0.
  private func watching(
    _ settings: String = "", _ arguments: [String] = [],
    _ body: (SimulatedNPM, Workplace, RunningProgram) async throws -> Void
  ) async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      // So long that the interval triggers nothing in these tests.
      try place.scratch.write("reconciler.yaml", "watch: { interval: 1h\(settings) }\n")
      try place.desire("app", "app.test", port: 80)
      let daemon = try RunningProgram(["watch"] + arguments, in: place.scratch.path, environment: place.environment)
      try await until { try await port(npm) == 80 }
      try await body(npm, place, daemon)
      daemon.terminate()
      let run = await daemon.result()
      #expect(run.exit == 0, "\(run.errors)")
    }
  }

  private func port(_ npm: SimulatedNPM) async throws -> Int? { try await npm.hosts().first?["forward_port"].intValue }

  private func condition(_ place: Workplace, _ type: String) -> JSONValue {
    guard let bytes = try? Files.read("\(place.scratch.path)/status/status.json"),
      let status = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))
    else { return .null }
    return status["conditions"].arrayValue?.first { $0["type"].stringValue == type }?["status"] ?? .null
  }

  private func drift(_ npm: SimulatedNPM, to port: Int) async throws {
    let id = try await npm.hosts().first?["id"].intValue ?? 0
    try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/\(id)", ["forward_port": .int(port)])
  }

  @Test(.timeLimit(.minutes(5))) func `a saved file is live, and drift is repaired when somebody asks`() async throws {
    try await watching { npm, place, daemon in
      try place.desire("app", "app.test", port: 81)
      try await until { try await port(npm) == 81 }
      try await drift(npm, to: 99)
      daemon.hangUp()
      try await until { try await port(npm) == 81 }
      try await until { condition(place, "InSync") == "True" }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `mistakes and an emptied tree leave the last good state in force`() async throws {
    try await watching("", ["--policy", "sync", "--allow-deletes"]) { npm, place, daemon in
      try place.desire("app", "app.test", port: 82, "validate: offf")
      try await until { condition(place, "DesiredValid") == "False" }
      #expect(try await port(npm) == 80)
      try await drift(npm, to: 99)
      daemon.hangUp()
      try await until { try await port(npm) == 80 }
      try place.scratch.remove("desired/app.yaml")
      daemon.hangUp()
      try await drift(npm, to: 98)
      daemon.hangUp()
      try await until { try await port(npm) == 80 }
      try place.desire("app", "app.test", port: 83)
      try await until { try await port(npm) == 83 }
      try await until { condition(place, "DesiredValid") == .null }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a service manager hears when it is ready, alive and stopping`() async throws {
    try await withSimulator { npm in
      var place = try Workplace(npm)
      try place.desire("app", "app.test", port: 80)
      let socket = try NotifySocket("\(place.scratch.path)/notify")
      place.variables = ["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "300000"]
      let daemon = try place.start("watch")
      var said: Set<String> = []
      while !said.isSuperset(of: ["READY=1", "WATCHDOG=1", "STATUS=in sync: 1 object"]) {
        said.insert(await socket.next())
      }
      daemon.terminate()
      while await socket.next() != "STOPPING=1" {}
      #expect(await daemon.result().exit == 0)
    }
  }

  @Test(.timeLimit(.minutes(5))) func `an NPM that hangs, and a daemon that is gone, leave no old news in force`()
    async throws
  {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write("reconciler.yaml", "watch: { interval: 1s }\n")
      try place.desire("app", "app.test", port: 80)
      let daemon = try place.start("watch")
      try await until { condition(place, "InSync") == "True" }
      try await place.run("status", exits: 0)
      try await npm.faults([["method": "GET", "path": "/api/", "when": "before", "action": "stall", "count": 1000]])
      try await until { condition(place, "InSync") == "Unknown" }
      let text = try await place.run("status")
      #expect(
        text.exit == 0 && text.output.contains("not known") && text.output.contains("no reconciliation has ended"))
      let events = try await place.run("events", "-o", "json").json["events"].arrayValue ?? []
      #expect(events.contains { $0["reason"] == "ReconcileStuck" })
      try await npm.faults([])
      try await until { condition(place, "InSync") == "True" }
      daemon.killHard()
      _ = await daemon.result()
      try await until { try await place.run("status").exit == 1 }
      let gone = try await place.run("status", "-o", "json")
      #expect(gone.json["conditions"].arrayValue?.allSatisfy { $0["status"] == "Unknown" } == true)
      #expect(try await place.run("status").output.contains("The daemon has written nothing since"))
      // Who goes on by hand has a status of his own.
      try await place.run("apply", "--yes", exits: 0)
      try await place.run("status", exits: 0)
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a log that nothing reads stops nothing, and stray signals do not end it`()
    async throws
  {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write("reconciler.yaml", "watch: { interval: 1h }\n")
      try place.desire("app", "app.test", port: 80)
      let pipe = "\(place.scratch.path)/log"
      #expect(mkfifo(pipe, 0o600) == 0)
      let end = open(pipe, O_RDWR | O_NONBLOCK)
      defer { close(end) }
      // A pipe that is full: the first line would wait.
      for size in [4096, 1] { while write(end, [UInt8](repeating: 0x2e, count: size), size) > 0 {} }
      let daemon = try RunningProgram(
        ["-c", "exec \(ProgramRun.binary) watch -v 2>log"], in: place.scratch.path, environment: place.environment,
        program: "/bin/sh")
      try await until { try await port(npm) == 80 }
      for number in [SIGUSR1, SIGUSR2, SIGALRM] { kill(daemon.identifier, number) }
      for port in 81...85 {
        try place.desire("app", "app.test", port: port)
        daemon.hangUp()
        try await until { try await self.port(npm) == port }
      }
      // Until it is read again.
      var log: [UInt8] = []
      while !String(decoding: log, as: UTF8.self).contains("update proxy_host/app") {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = read(end, &bytes, bytes.count)
        if count > 0 { log += bytes[..<count] } else { await Task.yield() }
        try Task.checkCancellation()
      }
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `a directory that comes back file by file costs no host, a removal is carried out`()
    async throws
  {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write(
        "reconciler.yaml", "policy: sync\nwatch: { interval: 1h, settle: 2s }\nsafety: { max_deletes: 50 }\n")
      for index in 0..<8 { try place.desire("h\(index)", "h\(index).test") }
      let daemon = try place.start("watch", "--allow-deletes")
      try await until { try await npm.hosts().count == 8 }
      let first = Set(try await npm.hosts().compactMap { $0["id"].intValue })
      // As a checkout does it: everything is gone, and comes back one by one, slower than a pass.
      for index in 1..<8 { try place.scratch.remove("desired/h\(index).yaml") }
      func passes() -> String? { (try? place.scratch.read("status/status.json")) }
      try await until { passes()?.contains("waiting until the files are unchanged for 2 s") == true }
      for index in 1..<7 {
        try place.desire("h\(index)", "h\(index).test")
        try await until { passes()?.contains("\"withheld\" : \(7 - index)") == true }
      }
      #expect(Set(try await npm.hosts().compactMap { $0["id"].intValue }) == first)
      // The one that does not come back is removed.
      try await until { try await npm.hosts().count == 7 }
      #expect(Set(try await npm.hosts().compactMap { $0["id"].intValue }).isSubset(of: first))
      daemon.terminate()
      #expect(await daemon.result().exit == 0)
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a domain of a host that is removed goes to its successor without a failure`()
    async throws
  {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write("reconciler.yaml", "policy: sync\nwatch: { interval: 1h, settle: 1s }\n")
      try place.desire("old", "moving.test")
      try place.desire("new", "new.test")
      let daemon = try place.start("watch", "--allow-deletes")
      try await until { try await npm.hosts().count == 2 }
      try place.scratch.remove("desired/old.yaml")
      try place.desire("new", "new.test, moving.test")
      try await until { try await npm.hosts().map { $0["domain_names"] } == [["moving.test", "new.test"]] }
      daemon.terminate()
      let run = await daemon.result()
      #expect(run.exit == 0 && !run.errors.contains("failed") && !run.errors.contains("in use"), "\(run.errors)")
    }
  }

  @Test(.timeLimit(.minutes(5))) func `status files and a lock that are removed are made again`() async throws {
    try await watching { npm, place, daemon in
      try await until { condition(place, "InSync") == "True" }
      // At once, whatever is being written there.
      try FileManager.default.moveItem(
        atPath: "\(place.scratch.path)/status", toPath: "\(place.scratch.path)/status-gone")
      try Files.remove("\(place.scratch.path)/.reconciler/state.db.watch.lock")
      try Files.remove("\(place.scratch.path)/.reconciler/state.db.lock")
      daemon.hangUp()
      try await until { condition(place, "InSync") == "True" }
      let second = try place.start("watch")
      await second.says("standing by")
      second.terminate()
      #expect(await second.result().exit == 0)
      // A lock that another process took meanwhile is lost: nothing is written any more.
      try Files.remove("\(place.scratch.path)/.reconciler/state.db.watch.lock")
      let other = try #require(
        try FileLock.take("\(place.scratch.path)/.reconciler/state.db.watch.lock", holder: "a test"))
      try await drift(npm, to: 99)
      daemon.hangUp()
      try await until { condition(place, "InSync") == "Unknown" }
      #expect(try await port(npm) == 99)
      withExtendedLifetime(other) {}
    }
  }

  @Test(.timeLimit(.minutes(5))) func `drift is only reported where that is asked for`() async throws {
    try await watching(", self_heal: false") { npm, place, daemon in
      try await drift(npm, to: 99)
      daemon.hangUp()
      try await until { condition(place, "InSync") == "False" }
      #expect(try await port(npm) == 99)
      // A change of the YAML is applied.
      try place.desire("app", "app.test", port: 84)
      try await until { try await port(npm) == 84 }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a host may say for itself that its drift is only reported`() async throws {
    try await watching { npm, place, daemon in
      try place.desire("other", "other.test", port: 70)
      try await until { try await npm.hosts().count == 2 }
      try place.desire("app", "app.test", port: 80, "self_heal: false\n    validate: off")
      for host in try await npm.hosts() {
        try await npm.asAdmin("PUT", "/api/nginx/proxy-hosts/\(host["id"].intValue ?? 0)", ["forward_port": 99])
      }
      daemon.hangUp()
      try await until { try await npm.hosts().map { $0["forward_port"] } == [99, 70] }
      try await until { condition(place, "InSync") == "False" }
      #expect(try await port(npm) == 99)
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a change that waits after a failure still fails`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write("reconciler.yaml", "watch: { interval: 1s }\n")
      try place.desire("bad", "bad.test", "validate: off\n    advanced_config: nonsense on;")
      let daemon = try place.start("watch")
      try await until {
        condition(place, "Applied") == "False"
          && (try? place.scratch.read("status/status.json"))?.contains("\"withheld\" : 1") == true
      }
      let status = try place.scratch.read("status/status.json")
      #expect(status.contains("1 failed before, tried again later"), "\(status)")
      daemon.terminate()
      let end = await daemon.result()
      #expect(end.errors.contains("failed before, tried again later: bad"), "\(end.errors)")
    }
  }

  @Test(.timeLimit(.minutes(5))) func `a second daemon stands by, and takes over from a killed one`() async throws {
    try await withSimulator { npm in
      let place = try Workplace(npm)
      try place.scratch.write("reconciler.yaml", "watch: { interval: 1h }\n")
      try place.desire("app", "app.test", port: 80)
      let first = try place.start("watch")
      // Only then the store has recorded the write.
      try await until { condition(place, "InSync") == "True" }
      let second = try place.start("watch")
      first.killHard()
      _ = await first.result()
      try await until {
        FileLock.holder("\(place.scratch.path)/.reconciler/state.db.watch.lock")?
          .contains("process \(second.identifier)") == true
      }
      try place.desire("app", "app.test", port: 81)
      try await until { try await port(npm) == 81 }
      second.terminate()
      #expect(await second.result().exit == 0)
      let writes = try await npm.writes().filter { $0["path"].stringValue?.hasPrefix("/api/nginx") == true }
      #expect(writes.count == 2, "\(writes)")
    }
  }

  @Test(.timeLimit(.minutes(5))) func `the daemon outlives an NPM that is away, and catches up`() async throws {
    try await watching { npm, place, _ in
      try await npm.faults([
        ["method": "GET", "path": "/api/", "when": "before", "action": "status", "status": 502, "count": 1000]
      ])
      try place.desire("app", "app.test", port: 85)
      let ask = ["events", "--source", "watch", "-o", "json"]
      try await until { try await place.run(ask).output.contains("\"Trouble\"") }
      // The state cannot be determined now.
      try await until { condition(place, "InSync") == "Unknown" }
      let metric = "reconciler_condition{type=\"InSync\"} 0"
      try await until { try place.scratch.read("status/metrics.prom").contains(metric) }
      try await until { try place.scratch.read("status/status.md").hasPrefix("# reconciler: not known") }
      try await npm.faults([])
      try await until { try await port(npm) == 85 }
      #expect(try await npm.hosts().count == 1)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `on a full disk the daemon writes nothing to NPM that it could not remember, and catches up`() async throws {
    try await watching("", ["--policy", "sync"]) { npm, place, daemon in
      #expect(try await daemon.limitFiles(to: 0))
      try place.desire("app", "app.test", port: 85)
      daemon.hangUp()
      // It logs the error after its attempt; its log is a pipe, which the limit does not affect.
      await daemon.says("store-")
      #expect(daemon.isRunning)
      #expect(try await port(npm) == 80)
      #expect(try await daemon.limitFiles(to: nil))
      daemon.hangUp()
      try await until { try await port(npm) == 85 }
      #expect(try await npm.hosts().count == 1)
    }
  }
}
