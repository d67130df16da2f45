import Foundation
import Model
import Platform
import TestSupport

/// A simulated NPM with our hosts and those of others, and the operator's directory for ours.
final class World {
  private(set) var npm: SimulatedNPM
  let scratch: Scratch
  private let dataFile: String

  /// Names of our hosts in the final YAML.
  private static let names: Set = ["keep", "edit", "off", "new1", "new2", "named"]
  /// The expected ports at the end, by domain; `off` exists, but is disabled.
  static let wanted = [
    "keep.test": 80, "edit.test": 81, "new1.test": 80, "new2.test": 80, "moved.test": 80,
    "name.test": 80, "free.test": 80,
  ]

  init() throws {
    scratch = try Scratch()
    dataFile = "\(scratch.path)/npm.json"
    npm = try SimulatedNPM(dataFile: dataFile)
    try scratch.write(
      "reconciler.yaml",
      """
      owner: homelab
      policy: sync
      safety: { max_deletes: 5, max_delete_percent: 100, max_update_percent: 100 }
      npm: { connect_timeout: 1s, first_byte_timeout: 1s, read_timeout: 1s, write_timeout: 2s }
      """)
  }

  /// Restores the state before the run under test: six hosts of ours, two of others. The run must create two, change
  /// one, disable one, rename one, release one, delete one, and move a domain.
  func reset() async throws {
    try await npm.send("POST", "/simulator/reset", ["start": "fresh-admin"])
    for name in [".reconciler", "status", "desired"] { try? scratch.remove(name) }
    _ = try await npm.createByHand("hand.test", meta: ["note": "mine"])
    _ = try await npm.createByHand("other.test", meta: ["reconciler": ["owner": "other", "name": "keep"]])
    let old = [
      host("keep", ["keep.test"]), host("edit", ["edit.test"]), host("gone", ["gone.test", "moved.test"]),
      host("off", ["off.test"]), host("name", ["name.test"]),
      host("free", ["free.test"], more: "    on_delete: orphan\n"),
    ]
    try scratch.write("desired/hosts.yaml", "proxy_hosts:\n" + old.joined())
    let first = try await run("apply", "--yes")
    guard first.exit == 0 else { throw Surprise("the first apply ended with \(first.exit): \(first.errors)") }
    let new = [
      host("keep", ["keep.test"]), host("edit", ["edit.test"], port: 81),
      host("off", ["off.test"], more: "    enabled: false\n"), host("new1", ["new1.test"]),
      host("new2", ["new2.test", "moved.test"]), host("named", ["name.test"]),
    ]
    try scratch.write("desired/hosts.yaml", "proxy_hosts:\n" + new.joined())
    try scratch.remove(".reconciler/token.json")
    foreignBefore = try await foreign()
    requestsBefore = try await requests().count
  }

  private var foreignBefore: [JSONValue] = []
  private(set) var requestsBefore = 0

  private func host(_ name: String, _ domains: [String], port: Int = 80, more: String = "") -> String {
    """
      \(name):
        domain_names: [\(domains.joined(separator: ", "))]
        forward: http://127.0.0.1:\(port)
        validate: off
    \(more)
    """ + (more.isEmpty ? "" : "\n")
  }

  // MARK: The program

  var environment: [String: String] {
    ["NPM_URL": npm.url, "NPM_IDENTITY": "admin@example.com", "NPM_SECRET": "changeme"]
  }

  func run(_ arguments: String...) async throws -> ProgramRun {
    try await ProgramRun.run(arguments, in: scratch.path, environment: environment)
  }

  func start(_ arguments: String...) throws -> RunningProgram {
    try RunningProgram(arguments, in: scratch.path, environment: environment)
  }

  // MARK: NPM

  func requests() async throws -> [JSONValue] { try await npm.send("GET", "/simulator/requests").json.arrayValue ?? [] }

  /// Requests since `reset`.
  func calls() async throws -> [JSONValue] { Array(try await requests().dropFirst(requestsBefore)) }

  /// Returns when request `number` since `reset` has arrived, or, with `isDone`, when NPM has executed it; false: the
  /// program ended before.
  func arrival(of number: Int, isDone: Bool, before program: RunningProgram) async throws -> Bool {
    while true {
      let calls = try await calls()
      if calls.indices.contains(number), !isDone || calls[number]["isDone"] == true { return true }
      if !program.isRunning { return false }
      await Task.yield()
    }
  }

  /// NPM stops; it later returns with its state at the same address.
  func stopNPM() async throws -> Int {
    let port = npm.port
    try await npm.stop()
    return port
  }

  func startNPM(at port: Int) throws { npm = try SimulatedNPM(port: port, dataFile: dataFile) }

  func stop() async throws { try await npm.stop() }

  private func foreign() async throws -> [JSONValue] {
    try await npm.hosts().filter { $0["meta"]["reconciler"]["owner"] != "homelab" }
  }

  // MARK: The verdict

  /// The remaining errors in NPM's state after the recovery.
  func verdict() async throws -> Verdict {
    var verdict = Verdict()
    let hosts = try await npm.hosts()
    let mine = hosts.filter { $0["meta"]["reconciler"]["owner"] == "homelab" }
    let names = mine.map { $0["meta"]["reconciler"]["name"].summary }
    verdict.duplicates = names.count - Set(names).count
    verdict.orphans = names.count { !Self.names.contains($0) }
    // The released host has no owner now.
    let after = try await foreign().filter { $0["domain_names"] != ["free.test"] }
    // Hosts of others must be unchanged, and no host without an owner may be added.
    verdict.foreignTouched = foreignBefore.count { !after.contains($0) }
    verdict.orphans += after.count { !foreignBefore.contains($0) }
    let diff = try await run("diff", "--exit-code")
    let isAsWanted = try await isAsWanted()
    verdict.converged = diff.exit == 0 && isAsWanted
    if !verdict.converged {
      let served = try await npm.served().keys.sorted()
      verdict.remark = "diff \(diff.exit), served \(served): \(diff.output)"
    }
    return verdict
  }

  /// Whether visitors get what the files say.
  func isAsWanted() async throws -> Bool {
    let served = try await npm.served()
    return Self.wanted.allSatisfy { served[$0.key]?["forward_port"] == .int($0.value) }
      && served["off.test"] == nil && served["gone.test"] == nil
  }
}

struct Verdict {
  var duplicates = 0
  var orphans = 0
  var foreignTouched = 0
  var converged = false
  /// It failed with a helpful error, and nothing was lost.
  var isClearlyRefused = false
  /// Objects reported as done or in sync that visitors did not get.
  var lies = 0
  var remark = ""

  var isGood: Bool {
    lies == 0 && duplicates == 0 && orphans == 0 && foreignTouched == 0 && (converged || isClearlyRefused)
  }
}

/// An error of the suite itself.
struct Surprise: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
