import Model
import Platform
import Store
import TestSupport
import Testing

/// Stored check results, on disk.
@Suite struct HealthStoreTests {
  private let scratch: Scratch
  private let store: SQLiteStore
  private let start = Timestamp(iso8601: "2026-11-01T00:00:00Z")!

  init() throws {
    scratch = try Scratch()
    store = try SQLiteStore(path: "\(scratch.path)/state.db")
  }

  private func key(_ name: String) -> ResourceKey { ResourceKey(.proxyHost, name) }
  private func after(_ seconds: Double) -> Timestamp { Timestamp(seconds: start.seconds + seconds) }

  /// Records a check every five minutes for `hours` hours; every tenth fails.
  private func record(hours: Int, name: String = "a", milliseconds: Double = 20) async throws {
    var samples: [HealthSample] = []
    for index in 0..<hours * 12 {
      let isOK = index % 10 != 0
      let at = after(Double(index) * 300)
      samples.append(HealthSample(key(name), at: at, isOK: isOK, milliseconds: isOK ? milliseconds : nil))
    }
    try await store.record(samples, health: [:])
  }

  @Test func `windows are the same before and after checks were summarised`() async throws {
    try await record(hours: 20)
    let now = after(20 * 3600)
    let before = try await store.checkStatistics(at: now)
    try await store.summarise(at: now)
    try await store.summarise(at: now)
    let windows = try await store.checkStatistics(at: now)
    #expect(windows == before)
    #expect(windows[key("a")]?.day.checks == 240)
    #expect(windows[key("a")]?.day.failures == 24)
    #expect(windows[key("a")]?.month.availability == 0.9)
  }

  @Test func `single checks go after a day, summaries stay`() async throws {
    for day in 0..<3 {
      var samples: [HealthSample] = []
      for index in 0..<288 {
        let at = after(Double(day * 288 + index) * 300)
        samples.append(HealthSample(key("a"), at: at, isOK: day != 0, milliseconds: 5))
      }
      try await store.record(samples, health: [:])
      try await store.summarise(at: after(Double(day + 1) * 86400))
    }
    let windows = try #require(try await store.checkStatistics(at: after(3 * 86400))[key("a")])
    #expect(windows.day.checks == 288 && windows.day.failures == 0)
    #expect(windows.week.checks == 864 && windows.week.failures == 288)
    let late = try await store.checkStatistics(at: after(40 * 86400))
    #expect(late[key("a")] == nil || late[key("a")]?.month.checks == 0)
  }

  @Test func `memories and hosts are kept apart`() async throws {
    try await record(hours: 1, name: "a", milliseconds: 10)
    try await record(hours: 1, name: "b", milliseconds: 1000)
    func health(_ failures: Int) -> PersistedHealth {
      var health = PersistedHealth(since: start, destination: "10.0.0.1:80")
      for _ in 0..<failures { health.note(.failed, at: start) }
      return health
    }
    try await store.record([], health: [key("a"): health(0)])
    try await store.record([], health: [key("a"): health(1), key("c"): health(2)])
    #expect(try await store.persistedHealth() == [key("a"): health(1), key("c"): health(2)])
    let windows = try await store.checkStatistics(at: after(3600))
    #expect(try #require(windows[key("a")]?.day.latencies.percentile(0.5)) < 11)
    #expect(try #require(windows[key("b")]?.day.latencies.percentile(0.5)) > 900)
  }
}
