import Daemon
import DesiredFiles
import Foundation
import Model
import Platform
import TestSupport
import Testing

/// Random schedules of faults: nothing that is wanted is deleted, what is wanted comes about, no alert is lost, and none
/// told twice unless the daemon was killed. `SCHEDULES` in the environment says how many, `SEED` with which the
/// first one is made.
@Suite struct FaultScheduleTests {
  private static func number(_ name: String, _ standard: UInt64) -> UInt64 {
    ProcessInfo.processInfo.environment[name].flatMap(UInt64.init) ?? standard
  }

  @Test(.timeLimit(.minutes(30))) func `whatever fails when, nothing is lost, deleted or told twice`() async throws {
    try await withThrowingTaskGroup(of: (UInt64, [String]).self) { group in
      let first = Self.number("SEED", 1)
      for seed in first..<first + Self.number("SCHEDULES", 40) {
        if seed > first + 3, let (seed, problems) = try await group.next() { #expect(problems == [], "seed \(seed)") }
        group.addTask { (seed, try await FaultSchedule(seed: seed).run()) }
      }
      for try await (seed, problems) in group { #expect(problems == [], "seed \(seed)") }
    }
  }
}

/// One schedule.
private final class FaultSchedule {
  /// Hosts whose backends fail, at most once each; their files stay as they are.
  private static let stable = ["s0", "s1", "s2", "s3"]

  private struct Outage {
    var start: Double
    var end = Double.infinity
  }

  private let world = SimulatedWorld()
  private let scratch: Scratch
  private var daemon: SimulatedDaemon
  private var random: Seeded
  private var outages: [String: Outage] = [:]
  /// When the daemon was killed, and how often an alert may be told again for that: once where it was delivering, once
  /// where it could not store what it told, once where the next one cannot read that.
  private var kills: [(at: Double, repeats: Int)] = []
  private var hasJustStarted = false

  init(seed: UInt64) async throws {
    random = Seeded(seed: seed)
    scratch = try Scratch()
    daemon = await SimulatedDaemon(world, directory: scratch.path)
  }

  private var now: Double { world.state.withLock { $0.now } }

  /// - Returns: what was not as it should be.
  func run() async throws -> [String] {
    try await change { desired in for name in Self.stable + ["c0", "c1", "c2", "c3"] { desired[name] = 80 } }
    try await createForeignHost()
    for _ in 0..<3 { try await step() }
    for _ in 0..<40 {
      try await disturb()
      try await step()
    }
    try await calmDown()
    var problems = world.state.withLock { $0.violations }
    let wanted = world.state.withLock { $0.desired }
    let expected = Dictionary(uniqueKeysWithValues: wanted.map { ("\($0.key).test", $0.value) })
    let served = try await world.served().filter { $0.key != "foreign.test" }
    if served != expected { problems.append("NPM has \(served), not \(expected)") }
    if try await world.served()["foreign.test"] != 9 { problems.append("somebody else's host is not as it was") }
    return problems + alertProblems()
  }

  // MARK: What happens

  /// The daemon's interval passes: checks, a reconciliation, deliveries.
  private func step(_ seconds: Double = 60) async throws {
    world.state.withLock { $0.now += seconds }
    if hasJustStarted, isStoreGone { kills[kills.count - 1].repeats += 1 }
    hasJustStarted = false
    await daemon.check()
    await daemon.reconcile(chance(0.2) ? .request : .interval)
    await daemon.deliver()
    if daemon.isDead.withLock({ $0 }) { await restart(repeats: 1) }
  }

  private var isStoreGone: Bool { world.state.withLock { $0.isStoreAway || $0.isStoreHanging } }

  private func restart(repeats: Int) async {
    kills.append((now, repeats + (isStoreGone ? 1 : 0)))
    await daemon.kill()
    hasJustStarted = true
    daemon = await SimulatedDaemon(world, directory: scratch.path)
    daemon.read(world.state.withLock { $0.desired })
  }

  private func disturb() async throws {
    switch Int.random(in: 0..<15, using: &random) {
    case 0: world.state.withLock { $0.isNPMAway.toggle() }
    case 1: world.state.withLock { $0.isStoreAway.toggle() }
    case 2: world.state.withLock { $0.isSinkAway.toggle() }
    case 3: world.state.withLock { $0.skew = [0, 7200, -7200, 40 * 86400, 0].randomElement(using: &random) ?? 0 }
    case 4:
      let number = Int.random(in: 2..<30, using: &random)
      world.state.withLock { $0.lostAnswerIn = number }
    case 5, 6: failBackend()
    case 7: recoverBackend()
    case 8: await restart(repeats: 0)
    case 9: world.state.withLock { $0.diesAfterDelivery = true }
    case 10: try await rebuildFiles()
    case 11: daemon.read([:], problem: .failed("no answer"), mistakes: chance(0.5) ? "a.yaml:1: nonsense" : nil)
    case 12: try await editInNPM()
    case 13:
      world.state.withLock { $0.isStoreHanging = true }
      daemon.hang()
    default: try await editFiles()
    }
    // What is away comes back in time.
    if chance(0.3) { await restore() }
  }

  private func restore() async {
    world.state.withLock { state in
      (state.isNPMAway, state.isStoreAway, state.isSinkAway) = (false, false, false)
      state.isStoreHanging = false
    }
    await daemon.answer()
  }

  private func failBackend() {
    guard let name = Self.stable.filter({ outages[$0] == nil }).randomElement(using: &random) else { return }
    outages[name] = Outage(start: now)
    world.state.withLock { _ = $0.downHosts.insert(name) }
  }

  private func recoverBackend() {
    guard let name = world.state.withLock({ $0.downHosts }).sorted().randomElement(using: &random) else { return }
    outages[name]?.end = now
    world.state.withLock { _ = $0.downHosts.remove(name) }
  }

  private func change(_ body: (inout [String: Int]) -> Void) async throws {
    let desired = world.state.withLock { state in
      body(&state.desired)
      return state.desired
    }
    daemon.read(desired)
  }

  private func editFiles() async throws {
    let name = "c\(Int.random(in: 0..<6, using: &random))"
    let port = Int.random(in: 80..<90, using: &random)
    let isRemoval = chance(0.3)
    try await change { $0[name] = isRemoval ? nil : port }
  }

  /// The files are removed and come back one by one, while the daemon looks.
  private func rebuildFiles() async throws {
    let desired = world.state.withLock { $0.desired }
    let names = desired.keys.sorted().shuffled(using: &random)
    for count in 0...names.count {
      daemon.read(desired.filter { names.prefix(count).contains($0.key) })
      world.state.withLock { $0.now += 1 }
      if chance(0.5) { await daemon.reconcile(.files) }
    }
  }

  private func editInNPM() async throws {
    let domain = "\(Self.stable.randomElement(using: &random) ?? "s0").test"
    try await world.edit(domain, port: Int.random(in: 100..<110, using: &random))
  }

  private func createForeignHost() async throws { try await world.create("foreign.test", port: 9) }

  /// Everything is there again, and the daemon has time to put things right.
  private func calmDown() async throws {
    await restore()
    world.state.withLock { state in
      state.diesAfterDelivery = false
      state.lostAnswerIn = 0
      state.downHosts = []
    }
    for name in outages.keys where outages[name]?.end == .infinity { outages[name]?.end = now }
    daemon.read(world.state.withLock { $0.desired })
    for _ in 0..<60 { try await step() }
  }

  private func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }

  // MARK: What was told

  /// Seconds of an outage that is not to be missed: the failures that make a host unhealthy, with pauses of one that is
  /// down for long.
  private static let certain = 600.0

  private func alertProblems() -> [String] {
    var problems: [String] = []
    let alerts = world.state.withLock { $0.messages }.flatMap { $0["alerts"].arrayValue ?? [] }
      .filter { $0["labels"]["alertname"] == "host-down" }
    func count(_ name: String, _ status: JSONValue) -> Int {
      alerts.count { alert in
        let members = alert["annotations"]["members"].stringValue ?? ""
        return alert["status"] == status && members.split { ", ".contains($0) }.contains { $0 == name }
      }
    }
    for name in Self.stable {
      let (firing, resolved) = (count(name, "firing"), count(name, "resolved"))
      let outage = outages[name]
      let again = kills.filter { kill in outage.map { kill.at >= $0.start } == true }.map(\.repeats).reduce(0, +)
      if firing > (outage == nil ? 0 : 1 + again) { problems.append("\(name) told down \(firing) times") }
      if resolved > max(firing, 1) + again { problems.append("\(name) told healthy \(resolved) times") }
      guard let outage, outage.end - outage.start >= Self.certain else { continue }
      if firing == 0, again == 0 { problems.append("\(name) was down, and nobody was told") }
      if firing > 0, resolved == 0, again == 0 { problems.append("\(name) came back, and nobody was told") }
    }
    return problems
  }
}
