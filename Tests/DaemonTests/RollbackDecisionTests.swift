import Configuration
import Model
import Probe
import Testing

@testable import Daemon

@Suite struct RollbackDecisionTests {
  private let start = Timestamp(seconds: 1_790_000_000)

  private func candidate(_ run: Int, _ names: String...) -> RollbackCandidate {
    RollbackCandidate(
      run: run, keys: Set(names.map { ResourceKey(.proxyHost, $0) }), source: "abc", title: "commit abc")
  }

  /// Hosts that were checked, and since when they are what they are.
  private func health(_ hosts: [(name: String, health: Health, since: Double)]) -> HealthSnapshot {
    let thresholds: HealthTracker.Thresholds = {
      var once = HealthTracker.Thresholds()
      (once.failures, once.successes) = (1, 1)
      return once
    }()
    var state = HealthState(thresholds)
    let targets = hosts.map { host in
      HealthTarget(ProbeTarget(name: host.name, scheme: "http", host: "10.0.0.1", port: 80), interval: 60)
    }
    state.watch(targets, at: 0, start)
    for (target, host) in zip(targets, hosts) {
      let isUp = host.health == .healthy
      let steps = ProbeStep.Name.allCases.prefix(isUp ? 4 : 2).map { ProbeStep($0, .passed) }
      let result = ProbeResult(
        target: target.target, steps: steps + (isUp ? [] : [ProbeStep(.tcp, .failed, error: "refused")]))
      _ = state.note([HealthCheck(target, at: start + host.since, direct: result)], at: host.since)
    }
    var failing = CheckStatistics()
    for _ in 0..<50 { failing.day.note(isOK: false, milliseconds: 1) }
    let down = hosts.filter { $0.health == .unhealthy }.map {
      (TargetKey(.default, ResourceKey(.proxyHost, $0.name)), failing)
    }
    return HealthSnapshot(
      records: Array(state.records.values), statistics: Dictionary(uniqueKeysWithValues: down), at: start + 100)
  }

  @Test func `a host that becomes unhealthy after the newest change of it has that one undone, once`() {
    var decision = RollbackDecision(RollbackConfiguration(unhealthyFor: 600))
    decision.note(candidate(1, "a", "b"), startedAt: start, score: nil, at: 0)
    decision.note(candidate(2, "a"), startedAt: start + 50, score: nil, at: 50)
    let found = decision.verdict(health([("a", .unhealthy, 60), ("b", .healthy, 60)]), at: 70)
    #expect(found?.run == 2 && found?.reason == "a became unhealthy")
    let again = decision.verdict(health([("a", .unhealthy, 60)]), at: 71)
    #expect(again == nil)
  }

  @Test func `one that was unhealthy before, another host, and a late failure undo nothing`() {
    var decision = RollbackDecision(RollbackConfiguration(unhealthyFor: 600))
    decision.note(candidate(1, "a"), startedAt: start + 50, score: nil, at: 50)
    let before = decision.verdict(health([("a", .unhealthy, 40)]), at: 70)
    let other = decision.verdict(health([("a", .healthy, 60), ("b", .unhealthy, 60)]), at: 70)
    let late = decision.verdict(health([("a", .unhealthy, 700)]), at: 700)
    #expect(before == nil && other == nil && late == nil)
  }

  @Test func `a score that was low before, or is not known, undoes nothing`() {
    let low = health([("x", .unhealthy, 60)])
    for (score, isUndone) in [(nil, false), (40, false), (90, true)] as [(Int?, Bool)] {
      var decision = RollbackDecision(RollbackConfiguration(unhealthyFor: 600, scoreBelow: 50))
      decision.note(candidate(1, "a"), startedAt: start, score: score, at: 0)
      let found = decision.verdict(low, at: 70)
      #expect((found != nil) == isUndone, "\(score.map { "\($0)" } ?? "none")")
    }
  }
}
