import Foundation
import HTTPServer
import Model
import Platform
import TestSupport

/// What goes away, or is done to it, while a daemon runs.
enum DaemonFault: String, CaseIterable {
  case gitSilent = "git silent"
  case sinkSilent = "sink silent"
  case npmGone = "NPM gone"
  case npmSilent = "NPM silent"
  case storeGone = "store gone"
  case statusGone = "status gone"
  case lockRemoved = "lock removed"
  case workingCopyRemoved = "working copy removed"
  case signals = "signals"
  case killed = "killed"
}

/// Faults around a running daemon, whose log nobody reads, alone and in pairs.
extension Suite {
  func daemonFaults(_ world: World) async throws {
    let singles = DaemonFault.allCases.map { [$0] }
    let pairs = singles.indices.flatMap { index in singles[(index + 1)...].map { singles[index] + $0 } }
    for (name, all) in [("daemon, one fault", sample(singles, 4)), ("daemon, two faults", sample(pairs, 4))] {
      try await scenario(name) {
        for faults in all {
          let verdict = try await outcome(of: faults, world)
          add(name, verdict, faults.map(\.rawValue).joined(separator: " and "))
        }
      }
    }
  }

  private func outcome(of faults: [DaemonFault], _ world: World) async throws -> Verdict {
    try await world.reset()
    let daemon = try await FaultyDaemon(world)
    try await daemon.start()
    // At any moment of its first reconciliations.
    await daemon.hasBegun()
    try await Task.sleep(for: .seconds(random(0...0.5)))
    for fault in faults { try await daemon.begin(fault) }
    let lies = try await daemon.lies(for: 2)
    for fault in faults.reversed() { try await daemon.end(fault) }
    var verdict = try await daemon.verdict(within: 180)
    verdict.lies = lies
    if let complaint = await daemon.stop() {
      verdict.converged = false
      verdict.remark += complaint
    }
    return verdict
  }
}

/// A daemon with a repository, a sink, and the world's NPM.
private final class FaultyDaemon {
  /// A double: plain files, or messages, and silence while it is told so.
  private struct Server: HTTPHandler {
    let directory: String?
    /// Ends the silence; nil: there is none.
    private let silence = Lock<ShutdownSignal?>(nil)
    let requests = Lock(0)

    init(directory: String?) { self.directory = directory }

    func beSilent(_ isSilent: Bool) {
      silence.withLock { signal in
        signal?.request()
        signal = isSilent ? ShutdownSignal() : nil
      }
    }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
      requests.withLock { $0 += 1 }
      if let silence = silence.withLock({ $0 }) {
        await silence.wait()
        return HTTPResponse(status: 503)
      }
      guard let directory else { return HTTPResponse(status: 200) }
      guard let bytes = try? Files.read(directory + request.path) else { return HTTPResponse(status: 404) }
      return HTTPResponse(status: 200, body: bytes)
    }
  }

  private let world: World
  private let git: Server
  private let sink = Server(directory: nil)
  private var servers: [HTTPServer] = []
  private var program: RunningProgram?
  private var npmPort = 0

  init(_ world: World) async throws {
    self.world = world
    // What an apply said before is not what the daemon says.
    try? world.scratch.remove("status")
    let repository = "\(world.scratch.path)/repository"
    try? Files.removeTree(repository)
    try Files.createDirectory("\(repository)/desired")
    try Files.replace(
      "\(repository)/desired/hosts.yaml", with: try Files.read("\(world.scratch.path)/desired/hosts.yaml"))
    let commands = """
      cd '\(repository)' && git init --quiet --initial-branch=main && git add --all &&
      git -c user.name=Ada -c user.email=ada@lan.test -c commit.gpgsign=false commit --quiet --message Begin &&
      git update-server-info
      """
    let run = try await ProgramRun.run(["-c", commands], in: "/", program: "/bin/sh")
    guard run.exit == 0 else { throw Surprise("no repository: \(run.errors)") }
    git = Server(directory: "\(repository)/.git")
    servers = try [git, sink].map { try HTTPServer(address: "127.0.0.1", port: 0, handler: $0) }
    let settings = try world.scratch.read("reconciler.yaml")
    try world.scratch.write(
      "daemon.yaml",
      """
      \(settings)
      watch: { interval: 1s }
      source: { git: "http://127.0.0.1:\(servers[0].port)/", interval: 1s }
      alerts: { sinks: [{ name: hook, type: webhook, url: "http://127.0.0.1:\(servers[1].port)/" }] }
      """)
  }

  func start() async throws { program = try world.start("watch", "--config", "daemon.yaml", "-v") }

  /// It has begun its work: it has asked for the files.
  func hasBegun() async {
    while git.requests.withLock({ $0 }) == 0, program?.isRunning == true { await Task.yield() }
  }

  private var files: String { "\(world.scratch.path)/.reconciler/state.db" }
  private var status: String { "\(world.scratch.path)/status" }

  func begin(_ fault: DaemonFault) async throws {
    switch fault {
    case .gitSilent: git.beSilent(true)
    case .sinkSilent: sink.beSilent(true)
    case .npmGone: npmPort = try await world.stopNPM()
    case .npmSilent: try? await world.npm.faults([["action": "stall", "path": "/api/", "count": 1000]])
    case .storeGone:
      try FileManager.default.moveItem(atPath: files, toPath: files + ".kept")
      try Files.createDirectory(files)
    case .statusGone:
      try? Files.removeTree(status)
      try Files.replace(status, with: [])
    case .lockRemoved: try? Files.remove(files + ".lock")
    case .workingCopyRemoved:
      while (try? Files.removeTree(files + ".source")) == nil, Files.exists(files + ".source") {}
    case .signals: for signal in [SIGUSR1, SIGUSR2, SIGALRM] { kill(program?.identifier ?? 0, signal) }
    case .killed:
      program?.killHard()
      _ = await program?.result()
      try await start()
    }
  }

  func end(_ fault: DaemonFault) async throws {
    switch fault {
    case .gitSilent: git.beSilent(false)
    case .sinkSilent: sink.beSilent(false)
    case .npmGone: try world.startNPM(at: npmPort)
    case .npmSilent: try? await world.npm.faults([])
    case .storeGone:
      try Files.removeTree(files)
      try FileManager.default.moveItem(atPath: files + ".kept", toPath: files)
    case .statusGone: try Files.remove(status)
    case .lockRemoved, .workingCopyRemoved, .signals, .killed: break
    }
  }

  /// How often it said for these seconds that NPM is as wanted, when it is not.
  func lies(for seconds: Double) async throws -> Int {
    let end = ContinuousClock.now + .seconds(seconds)
    var lies = 0
    while ContinuousClock.now < end {
      let said = try await world.run("status", "-o", "json")
      let sync = said.json["conditions"].arrayValue?.first { $0["type"] == "InSync" }?["status"]
      if said.exit == 0, sync == "True", (try? await world.isAsWanted()) == false { lies += 1 }
    }
    return lies
  }

  /// What is left to complain about once nothing is, or after so many seconds.
  func verdict(within seconds: Double) async throws -> Verdict {
    let end = ContinuousClock.now + .seconds(seconds)
    var verdict = try await world.verdict()
    while !verdict.isGood, ContinuousClock.now < end { verdict = try await world.verdict() }
    return verdict
  }

  /// - Returns: a complaint; nil: it ended as it should.
  func stop() async -> String? {
    guard let program, program.isRunning else { return "the daemon ended by itself" }
    program.terminate()
    for server in [git, sink] { server.beSilent(false) }
    let result = await program.result()
    for server in servers { await server.stop() }
    return result.exit == 0 ? nil : "the daemon ended with \(result.exit): \(result.errors.suffix(500))"
  }
}
