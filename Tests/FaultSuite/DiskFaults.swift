import Foundation
import Model
import Platform
import SQLite
import TestSupport

/// Faults of the operator's files and disk.
extension Suite {
  func diskFaults(_ world: World) async throws {
    try await fullDisk(world)
    try await diskFillsUp(world)
    try await readOnly(world)
    try await damage(world)
    try await others(world)
    try await clock(world)
  }

  /// A file size limit simulates a full disk. Sizes in KiB: the store alone exceeds most of them.
  private static let sizes = [1, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256]

  /// The disk is full before the program starts.
  private func fullDisk(_ world: World) async throws {
    let name = "disk full from the start"
    try await scenario(name) {
      guard !Self.isThreadSanitized else { return }
      for kibibytes in sample(Self.sizes, 4) {
        try await world.reset()
        let first = try await shell(world, "trap '' XFSZ; ulimit -f \(kibibytes * 2); exec \"$0\" apply --yes")
        add(name, try await recover(world, after: first), "\(kibibytes) KiB")
      }
    }
  }

  /// The thread sanitizer maps a file of its own at program start, and crashes if it cannot write one.
  private static let isThreadSanitized = dlsym(nil, "__tsan_init") != nil

  /// The disk is full from one of the calls to NPM on.
  private func diskFillsUp(_ world: World) async throws {
    let name = "disk full in the middle"
    try await scenario(name) {
      for kibibytes in sample(Self.sizes, 3) {
        for method in ["GET", "POST"] {
          try await world.reset()
          try await world.npm.faults([
            ["action": "stall", "when": "after", "method": .string(method), "path": "/api/nginx/proxy-hosts"]
          ])
          let program = try RunningProgram(
            ["-c", "trap '' XFSZ; exec \"$0\" apply --yes", ProgramRun.binary], in: world.scratch.path,
            environment: world.environment, program: "/bin/sh")
          while try await !world.calls().contains(where: { $0["method"].stringValue == method && $0["isDone"] == true }
          ),
            program.isRunning
          {
            await Task.yield()
          }
          guard program.isRunning else { throw Surprise("the apply ended early: \(await program.result())") }
          try await shellHere("prlimit --pid \(program.identifier) --fsize=\(kibibytes * 1024)")
          try await world.npm.faults([])
          let first = await program.result()
          add(name, try await recover(world, after: first), "\(kibibytes) KiB, from the first \(method) on")
        }
      }
    }
  }

  private func readOnly(_ world: World) async throws {
    let name = "store read-only"
    try await scenario(name) {
      try await world.reset()
      let folder = "\(world.scratch.path)/.reconciler"
      try await shellHere("chmod 755 '\(world.scratch.path)'; chmod 555 '\(folder)'; chmod 444 '\(folder)'/*")
      // File permissions do not apply to root.
      let drop = geteuid() == 0 ? "setpriv --reuid 65534 --regid 65534 --clear-groups " : ""
      let before = try await world.npm.writes().count
      let first = try await shell(world, "exec \(drop)\"$0\" apply --yes")
      let writes = try await world.npm.writes().count - before
      try await shellHere("chmod 755 '\(folder)'; chmod 644 '\(folder)'/*")
      add(name, try await refusal(world, first, "store-unreadable", writes), "permissions")
    }
  }

  private func damage(_ world: World) async throws {
    let name = "store damaged, then rebuilt from the markers"
    try await scenario(name) {
      for kind in ["header", "middle", "half", "text"] {
        try await world.reset()
        try spoil("\(world.scratch.path)/.reconciler/state.db", kind)
        let before = try await world.npm.writes().count
        let first = try await world.run("apply", "--yes")
        var verdict = try await refusal(world, first, "store-corrupt", try await world.npm.writes().count - before)
        if verdict.isClearlyRefused {
          // The runbook: move the store away, trust the markers. Names gone from the YAML are never deleted that way.
          try world.scratch.remove(".reconciler")
          try world.scratch.write("desired/gone.yaml", Self.goneHosts)
          _ = try await world.run("apply", "--yes", "--rebuild-ledger")
          try world.scratch.remove("desired/gone.yaml")
          verdict = try await recover(world, after: nil)
        }
        add(name, verdict, kind)
      }
    }
  }

  private static let goneHosts = """
    defaults: { proxy_hosts: { forward: "http://127.0.0.1", validate: off } }
    proxy_hosts: { gone: { domain_names: [gone.test] }, free: { domain_names: [free.test], on_delete: orphan } }
    """

  private func spoil(_ path: String, _ kind: String) throws {
    // Move the content of the WAL into the database.
    try SQLiteConnection(path: path).script("PRAGMA wal_checkpoint(TRUNCATE)")
    var bytes = try Files.read(path)
    switch kind {
    case "header": for index in 0..<64 { bytes[index] = 0xff }
    case "middle": for index in bytes.indices.dropFirst(100).prefix(8000) { bytes[index] = 0xa5 }
    case "half": bytes = Array(bytes.prefix(bytes.count / 2 / 4096 * 4096 + 700))
    default: bytes = Array("this is no database".utf8)
    }
    for tail in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + tail) }
    try Files.replace(path, with: bytes)
  }

  private func others(_ world: World) async throws {
    let name = "store locked, of a newer version, or in use"
    try await scenario(name) {
      let path = "\(world.scratch.path)/.reconciler/state.db"
      try await world.reset()
      let before = try await world.npm.writes().count
      var other: SQLiteConnection? = try SQLiteConnection(path: path)
      try other?.script("BEGIN EXCLUSIVE")
      let busy = try await world.run("apply", "--yes")
      other = nil
      add(name, try await refusal(world, busy, "store-unreadable", try await world.npm.writes().count - before), "busy")
      try await world.reset()
      let row = try SQLiteConnection(path: path).run("PRAGMA user_version").first
      let version = if case .integer(let number)? = row?[0] { number } else { Int64(0) }
      try SQLiteConnection(path: path).script("PRAGMA user_version = 999")
      let newer = try await world.run("apply", "--yes")
      try SQLiteConnection(path: path).script("PRAGMA user_version = \(version)")
      add(name, try await refusal(world, newer, "store-newer", 0), "newer")
      try await world.reset()
      var lock = try FileLock.take("\(path).lock", holder: "the fault suite")
      let held = try await world.run("apply", "--yes")
      guard lock != nil else { throw Surprise("the lock was not free") }
      lock = nil
      add(name, try await refusal(world, held, "lock-held", 0), "lock")
    }
    let gone = "status directory gone"
    try await scenario(gone) {
      for replacement in ["missing", "a file", "not writable"] {
        try await world.reset()
        try? world.scratch.remove("status")
        if replacement == "a file" { try world.scratch.write("status", "x") }
        if replacement == "not writable" { try world.scratch.write("reconciler.yaml.tmp/x", "") }
        let status = replacement == "not writable" ? "/proc/status-of-reconciler" : "status"
        let first = try await world.run("apply", "--yes", "--status", status)
        add(gone, try await recover(world, after: first), replacement)
        try? world.scratch.remove("status")
      }
    }
  }

  /// All times in the store and the token cache lie years ahead or behind.
  private func clock(_ world: World) async throws {
    let name = "the clock jumped"
    try await scenario(name) {
      for years in [-10.0, 10] {
        for isInterrupted in [false, true] {
          try await world.reset()
          if isInterrupted {
            try await world.npm.faults([
              ["action": "stall", "when": "after", "method": "POST", "path": "/api/nginx/proxy-hosts"]
            ])
            let program = try world.start("apply", "--yes")
            while try await !world.calls().contains(where: { $0["method"] == "POST" && $0["isDone"] == true }) {
              await Task.yield()
            }
            program.killHard()
            _ = await program.result()
            try await world.npm.faults([])
          } else {
            _ = try await world.run("diff")
          }
          try shift(world, seconds: years * 365 * 86400)
          let first = try await world.run("apply", "--yes")
          add(name, try await recover(world, after: first), "\(years) years, interrupted \(isInterrupted)")
        }
      }
    }
  }

  private func shift(_ world: World, seconds: Double) throws {
    let store = try SQLiteConnection(path: "\(world.scratch.path)/.reconciler/state.db")
    try store.script(
      """
      UPDATE runs SET started_at = started_at + \(seconds), finished_at = finished_at + \(seconds);
      UPDATE journal SET begun_at = begun_at + \(seconds), settled_at = settled_at + \(seconds);
      UPDATE events SET at = at + \(seconds);
      UPDATE lease SET since = since + \(seconds), heartbeat = heartbeat + \(seconds);
      """)
    let path = ".reconciler/token.json"
    let token = try JSONDecoder().decode(JSONValue.self, from: Data(world.scratch.read(path).utf8))
    guard case .object(var members) = token, case .double(let expires)? = members["expires"] else { return }
    members["expires"] = .double(expires + seconds)
    try world.scratch.write(path, String(decoding: JSONEncoder().encode(JSONValue.object(members)), as: UTF8.self))
  }

  // MARK: Steps

  /// A run that must fail without a write, and the recovery after the cause is removed.
  private func refusal(_ world: World, _ run: ProgramRun, _ code: String, _ writes: Int) async throws -> Verdict {
    var verdict = Verdict()
    verdict.isClearlyRefused = run.exit != 0 && run.errors.contains("error[\(code)]") && writes == 0
    guard !verdict.isClearlyRefused else { return try await recovered(world, code) }
    verdict.remark = "exit \(run.exit), \(writes) writes, wanted \(code): \(run.output)\(run.errors)"
    return verdict
  }

  private func recovered(_ world: World, _ code: String) async throws -> Verdict {
    var verdict = Verdict()
    if code != "store-corrupt" {
      verdict = try await recover(world, after: nil)
      guard verdict.isGood else { return verdict }
      verdict.converged = false
    }
    verdict.isClearlyRefused = true
    return verdict
  }

  private func shell(_ world: World, _ script: String) async throws -> ProgramRun {
    try await ProgramRun.run(
      ["-c", script, ProgramRun.binary], in: world.scratch.path, environment: world.environment, program: "/bin/sh")
  }

  private func shellHere(_ script: String) async throws {
    let run = try await ProgramRun.run(["-c", script], in: "/", program: "/bin/sh")
    guard run.exit == 0 else { throw Surprise("failed: \(script): \(run.errors)") }
  }
}
