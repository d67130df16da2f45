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

  private func after(_ seconds: Double) -> Timestamp { Timestamp(seconds: start.seconds + seconds) }

  /// Records a check every five minutes for `hours` hours; every tenth fails.
  private func record(hours: Int, name: String = "a", milliseconds: Double = 20) async throws {
    var samples: [HealthSample] = []
    for index in 0..<hours * 12 {
      let isOK = index % 10 != 0
      let at = after(Double(index) * 300)
      samples.append(HealthSample(name: name, at: at, isOK: isOK, milliseconds: isOK ? milliseconds : nil))
    }
    try await store.record(samples, memories: [:])
  }

  @Test func `windows are the same before and after checks were summarised`() async throws {
    try await record(hours: 20)
    let now = after(20 * 3600)
    let before = try await store.checkStatistics(at: now)
    try await store.summarise(at: now)
    try await store.summarise(at: now)
    let windows = try await store.checkStatistics(at: now)
    #expect(windows == before)
    #expect(windows["a"]?.day.checks == 240)
    #expect(windows["a"]?.day.failures == 24)
    #expect(windows["a"]?.month.availability == 0.9)
  }

  @Test func `single checks go after a day, summaries stay`() async throws {
    for day in 0..<3 {
      var samples: [HealthSample] = []
      for index in 0..<288 {
        let at = after(Double(day * 288 + index) * 300)
        samples.append(HealthSample(name: "a", at: at, isOK: day != 0, milliseconds: 5))
      }
      try await store.record(samples, memories: [:])
      try await store.summarise(at: after(Double(day + 1) * 86400))
    }
    let windows = try #require(try await store.checkStatistics(at: after(3 * 86400))["a"])
    #expect(windows.day.checks == 288 && windows.day.failures == 0)
    #expect(windows.week.checks == 864 && windows.week.failures == 288)
    let late = try await store.checkStatistics(at: after(40 * 86400))
    #expect(late["a"] == nil || late["a"]?.month.checks == 0)
  }

  @Test func `memories and hosts are kept apart`() async throws {
    try await record(hours: 1, name: "a", milliseconds: 10)
    try await record(hours: 1, name: "b", milliseconds: 1000)
    try await store.record([], memories: ["a": "{}"])
    try await store.record([], memories: ["a": "[1]", "c": "2"])
    #expect(try await store.persistedHealth() == ["a": "[1]", "c": "2"])
    let windows = try await store.checkStatistics(at: after(3600))
    #expect(try #require(windows["a"]?.day.latencies.percentile(0.5)) < 11)
    #expect(try #require(windows["b"]?.day.latencies.percentile(0.5)) > 900)
  }
}
