import Model
import Testing

@Suite struct LatencySketchTests {
  @Test func `percentiles are right within five percent`() throws {
    var sketch = LatencySketch()
    for value in 1...1000 { sketch.add(Double(value)) }
    for (share, exact) in [(0.5, 500.0), (0.95, 950), (0.99, 990)] {
      let found = try #require(sketch.percentile(share))
      #expect(abs(found - exact) / exact <= 0.051, "\(share): \(found)")
    }
  }

  @Test func `sketches add up, and survive the store`() {
    var first = LatencySketch(), second = LatencySketch(), both = LatencySketch()
    for value in [0.0, 0.004, 3, 7.5] {
      first.add(value)
      both.add(value)
    }
    for value in [12.0, 5_000_000] {
      second.add(value)
      both.add(value)
    }
    first.add(second)
    #expect(first == both)
    #expect(LatencySketch(text: first.text) == first)
    #expect(first.count == 6)
  }

  @Test func `no latencies have no percentile, and garbage is passed over`() {
    #expect(LatencySketch().percentile(0.5) == nil)
    #expect(LatencySketch(text: "x:1 3: 99999:4 7:2").count == 2)
  }
}

@Suite struct ObjectiveTests {
  private func windows(checks: Int, failures: Int, milliseconds: Double = 10) -> CheckStatistics {
    var windows = CheckStatistics()
    for index in 0..<checks {
      windows.week.note(isOK: index >= failures, milliseconds: index >= failures ? milliseconds : nil)
    }
    windows.day = windows.week
    return windows
  }

  @Test func `99,5 percent of a week may fail once in 200`() throws {
    let objective = Objective()
    #expect(objective.misses(windows(checks: 200, failures: 1)).isEmpty)
    #expect(objective.misses(windows(checks: 200, failures: 2)) == ["available 99 % of a week, expected 99.5 %"])
    let half = try #require(objective.budget(windows(checks: 400, failures: 1)))
    #expect(abs(half - 0.5) < 1e-9)
    let rate = try #require(objective.burnRate(windows(checks: 200, failures: 2)))
    #expect(abs(rate - 2) < 1e-9)
  }

  @Test func `a host may expect more or less of itself`() {
    let own = Objective().with(["availability": 99, "latency_ms": .null])
    #expect(own.availability == 0.99 && own.latency == 200)
    #expect(Objective().with(.null) == Objective())
    #expect(Objective().with(["availability": .double(99.9), "latency_ms": 50]).latency == 50)
  }

  @Test func `slow is missed, too`() {
    #expect(Objective().misses(windows(checks: 100, failures: 0, milliseconds: 500)).count == 1)
    #expect(Objective().misses(windows(checks: 100, failures: 0, milliseconds: 150)).isEmpty)
  }

  @Test func `a handful of checks says nothing`() {
    #expect(Objective().misses(windows(checks: 10, failures: 10)).isEmpty)
    #expect(Objective().budget(CheckStatistics()) == nil)
  }

  @Test(arguments: [(1.0, "100 %"), (0.99995, "99.99 %"), (0.995, "99.5 %"), (0.9905, "99.05 %"), (0, "0 %")])
  func `percents are never rounded up`(share: Double, text: String) { #expect(Objective.percent(share) == text) }
}
