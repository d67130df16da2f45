import Model
import Platform
import Probe
import Testing

/// The state of the monitor, without a network or a clock.
@Suite struct HealthStateTests {
  private static func key(_ name: String) -> TargetKey { TargetKey(.default, ResourceKey(.proxyHost, name)) }

  private static func target(
    _ name: String, port: Int = 80, every interval: Double = 60, front: DataPlaneHost? = nil
  ) -> HealthTarget {
    HealthTarget(
      ProbeTarget(name: name, scheme: "http", host: "10.0.0.1", port: port), interval: interval, front: front)
  }

  private static func check(_ target: HealthTarget, _ failed: ProbeStep.Name?, at: Double) -> HealthCheck {
    var steps = ProbeStep.Name.allCases.prefix { $0 != failed }.map { ProbeStep($0, .passed, milliseconds: 1) }
    if let failed { steps.append(ProbeStep(failed, .failed, error: "failed")) }
    return HealthCheck(target, at: Timestamp(seconds: at), direct: ProbeResult(target: target.target, steps: steps))
  }

  /// Advances the time to `end` with scripted check results; returns all transitions and the number of checks of each.
  private func run(
    _ book: inout HealthState, from start: Double = 0, until end: Double,
    _ outcome: (HealthTarget, Double) -> ProbeStep.Name?
  ) -> (changes: [HealthTransition], asked: [String: Int]) {
    var changes: [HealthTransition] = []
    var asked: [String: Int] = [:]
    while let due = book.due, due < end {
      let now = max(due, start)
      let round = book.begin(at: now, Timestamp(seconds: now))
      for target in round.inFlight { asked[target.name, default: 0] += 1 }
      let checks = round.inFlight.map { Self.check($0, outcome($0, now), at: now) }
      changes += book.note(checks + round.skipped, at: now)
    }
    return (changes, asked)
  }

  @Test func `a backend that dies is unhealthy within its schedule and threshold, and comes back`() {
    var book = HealthState(HealthTracker.Thresholds())
    book.watch([Self.target("a")], at: 0, Timestamp(seconds: 0))
    let (changes, _) = run(&book, until: 1500) { _, now in (300..<900).contains(now) ? .tcp : nil }
    #expect(changes.map(\.after) == [.healthy, .unhealthy, .healthy])
    #expect((300...300 + 3 * 60).contains(changes[1].at.seconds))
    // The breaker skips every other check, and a recovered target is checked again soon.
    #expect((900...900 + 2 * 60 + 20).contains(changes[2].at.seconds))
  }

  @Test func `a dead destination that ten hosts share is not hammered, and all ten are unhealthy`() {
    var book = HealthState(HealthTracker.Thresholds())
    book.watch((0..<10).map { Self.target("h\($0)") }, at: 0, Timestamp(seconds: 0))
    let (changes, asked) = run(&book, until: 3600) { _, _ in .tcp }
    #expect(Set(changes.filter { $0.after == .unhealthy }.map(\.name)).count == 10)
    // Ten hosts, sixty rounds: 600 checks without the breaker.
    #expect(asked.values.reduce(0, +) < 80, "\(asked)")
    let (back, _) = run(&book, from: 3600, until: 3600 + 3 * 60) { _, _ in nil }
    #expect(back.filter { $0.after == .healthy }.count == 10)
  }

  @Test func `who is asked often finds out for those who are asked seldom`() {
    var book = HealthState(HealthTracker.Thresholds())
    book.watch([Self.target("slow", every: 3600), Self.target("fast", every: 10)], at: 0, Timestamp(seconds: 0))
    let (changes, _) = run(&book, until: 400) { _, now in (100..<200).contains(now) ? .tcp : nil }
    let back = changes.last { $0.name == "fast" && $0.after == .healthy }
    #expect((200...250).contains(back?.at.seconds ?? 0), "\(changes)")
  }

  @Test func `while our own network is down everybody is asked again soon`() {
    var book = HealthState(HealthTracker.Thresholds())
    let target = Self.target("a", every: 3600)
    book.watch([target], at: 0, Timestamp(seconds: 0))
    let due = book.due ?? 0
    let round = book.begin(at: due, Timestamp(seconds: due))
    let steps = [ProbeStep(.syntax, .passed), ProbeStep(.dns, .failed, error: "x")]
    let cutOff = HealthCheck(
      target, at: Timestamp(seconds: due), direct: ProbeResult(target: target.target, steps: steps),
      isLocalNetworkDown: true)
    #expect(round.inFlight.count == 1)
    _ = book.note([cutOff], at: due)
    #expect((book.due ?? .infinity) <= due + 15)
  }

  @Test func `an answer that is an error is no dead destination`() {
    var book = HealthState(HealthTracker.Thresholds())
    book.watch((0..<10).map { Self.target("h\($0)") }, at: 0, Timestamp(seconds: 0))
    let (_, asked) = run(&book, until: 600) { _, _ in .http }
    #expect(asked.values.allSatisfy { $0 >= 9 })
  }

  @Test func `what visitors get is asked for although the destination is dead for us`() {
    var book = HealthState(HealthTracker.Thresholds())
    let front = DataPlaneHost(domain: "a.test", usesTLS: false)
    book.watch((0..<10).map { Self.target("h\($0)", front: front) }, at: 0, Timestamp(seconds: 0))
    let (_, asked) = run(&book, until: 600) { _, _ in .tcp }
    #expect(asked.values.allSatisfy { $0 >= 9 })
  }

  @Test func `what is remembered counts on, unless the destination is another one`() throws {
    var memory = PersistedHealth(since: Timestamp(seconds: 7), destination: "10.0.0.1:80")
    for time in 1...3 {
      _ = memory.tracker.note(.failed, HealthTracker.Thresholds(), at: Timestamp(seconds: Double(time)))
    }
    var book = HealthState(HealthTracker.Thresholds(), memories: [Self.key("a"): memory])
    book.watch([Self.target("a")], at: 0, Timestamp(seconds: 50))
    #expect(book.records[Self.key("a")]?.health == .unhealthy)
    book.watch([Self.target("a", port: 81)], at: 0, Timestamp(seconds: 60))
    #expect(book.records[Self.key("a")]?.health == .unknown)
    // Also where it moved while nobody watched.
    var other = HealthState(HealthTracker.Thresholds(), memories: [Self.key("a"): memory])
    other.watch([Self.target("a", port: 81)], at: 0, Timestamp(seconds: 50))
    #expect(other.records[Self.key("a")]?.health == .unknown)
  }

  @Test func `the last five failures are remembered, but for those of an outage`() {
    var book = HealthState(HealthTracker.Thresholds())
    book.watch([Self.target("a")], at: 0, Timestamp(seconds: 0))
    _ = run(&book, until: 600) { _, _ in .http }
    #expect(book.records[Self.key("a")]?.memory.failures == [])
    _ = run(&book, until: 3600) { _, now in Int(now / 60) % 3 == 0 ? .http : nil }
    let failures = book.records[Self.key("a")]?.memory.failures ?? []
    #expect(failures.count == 5)
    #expect(failures == failures.sorted() && (failures.last?.seconds ?? 0) > 3400)
  }
}
