import Model
import Platform
import Probe
import TestSupport
import Testing

@testable import API

@Suite struct HealthDeskTests {
  private static let now = Timestamp(seconds: 1_790_000_000)

  /// Time that a test moves.
  private final class Hands: MonotonicClock {
    private let time = Lock(1000.0)
    var now: Double { time.withLock { $0 } }
    func move(_ seconds: Double) { time.withLock { $0 += seconds } }
    /// A budget never ends here: what is waited for is what the test lets go on.
    func wait(until deadline: Double) async { while !Task.isCancelled { await Task.yield() } }
  }

  private static func target(_ name: String) -> HealthTarget {
    HealthTarget(ProbeTarget(name: name, scheme: "http", host: "10.0.0.1", port: 80), interval: 300)
  }

  private static func check(_ name: String, isUp: Bool = true, age: Double = 0) -> HealthCheck {
    let steps = ProbeStep.Name.allCases.prefix(isUp ? 4 : 2).map { ProbeStep($0, .passed) }
    let result = ProbeResult(
      target: target(name).target, steps: steps + (isUp ? [] : [ProbeStep(.tcp, .failed, error: "refused")]))
    return HealthCheck(target(name), at: now - age, direct: result)
  }

  /// As the monitor knows them: the names with the ages of their last checks.
  private static func records(_ ages: [(name: String, isUp: Bool, age: Double?)]) -> [HealthState.Record] {
    var state = HealthState(HealthTracker.Thresholds())
    state.watch(ages.map { target($0.name) }, at: 0, now)
    for entry in ages {
      if let age = entry.age { _ = state.note([check(entry.name, isUp: entry.isUp, age: age)], at: 0) }
    }
    return state.records.values.sorted { $0.target.name < $1.target.name }
  }

  private final class Counter: Sendable {
    let asked = Lock<[String]>([])
    let gate = Lock(false)
    func note(_ targets: [HealthTarget]) { asked.withLock { $0 += targets.map(\.name).sorted() } }
    func open() { gate.withLock { $0 = true } }
    func wait() async { while !gate.withLock({ $0 }) { await Task.yield() } }
  }

  @Test func `only what has no recent success is checked, at most twice a minute`() async {
    let (hands, counter) = (Hands(), Counter())
    let desk = HealthDesk(clock: hands) { targets, found in
      counter.note(targets)
      for target in targets { await found(Self.check(target.name)) }
    }
    let records = Self.records([("down", false, 1), ("new", true, nil), ("old", true, 300), ("young", true, 60)])
    let first = await desk.fresh(records, maximumAge: 120, at: Self.now)
    #expect(first.keys.map(\.resource.name).sorted() == ["down", "new", "old"])
    #expect(counter.asked.withLock { $0 } == ["down", "new", "old"])
    hands.move(29)
    #expect(await desk.fresh(records, maximumAge: 120, at: Self.now).count == 3)
    #expect(counter.asked.withLock { $0.count } == 3)
    hands.move(2)
    _ = await desk.fresh(records, maximumAge: 120, at: Self.now)
    #expect(counter.asked.withLock { $0.count } == 6)
    // All of them are old enough for one who asks for less than a second.
    #expect(await desk.fresh(records, maximumAge: 1, at: Self.now).count == 4)
  }

  @Test func `all that ask at once wait for the same checks`() async {
    let counter = Counter()
    let desk = HealthDesk(clock: Hands()) { targets, found in
      counter.note(targets)
      await counter.wait()
      for target in targets { await found(Self.check(target.name)) }
    }
    let records = Self.records([("a", true, nil), ("b", true, nil)])
    let answers = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<20 { group.addTask { await desk.fresh(records, maximumAge: 120, at: Self.now).count } }
      // The first is at work before any of them is let go.
      while counter.asked.withLock({ $0.isEmpty }) { await Task.yield() }
      counter.open()
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(answers.allSatisfy { $0 == 2 })
    #expect(counter.asked.withLock { $0 } == ["a", "b"])
  }
}
