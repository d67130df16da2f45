import Probe
import Testing

/// Due times of checks, without a clock.
@Suite struct HealthScheduleTests {
  private func schedule(_ count: Int, every interval: Double) -> HealthSchedule<String> {
    var schedule = HealthSchedule<String>()
    schedule.watch(Dictionary(uniqueKeysWithValues: (0..<count).map { ("host-\($0)", interval) }), at: 1000)
    return schedule
  }

  /// The number of checks in each second up to `end`.
  private func pace(_ schedule: inout HealthSchedule<String>, until end: Double) -> [Int: Int] {
    var counts: [Int: Int] = [:]
    while let due = schedule.due, due < end {
      counts[Int(due), default: 0] += schedule.take(at: due).count
    }
    return counts
  }

  @Test func `ten thousand hosts do not fire at once`() {
    var schedule = schedule(10_000, every: 300)
    let counts = pace(&schedule, until: 1900)
    let busiest = counts.values.max() ?? 0
    // An even distribution would give 100 in the first round and 34 later.
    #expect(busiest < 250, "\(busiest) in one second")
    #expect(counts.filter { $0.key < 1301 }.values.reduce(0, +) >= 10_000)
  }

  @Test func `each is checked once an interval`() {
    var schedule = schedule(50, every: 60)
    _ = pace(&schedule, until: 1120)
    let counts = pace(&schedule, until: 1120 + 600)
    #expect(abs(counts.values.reduce(0, +) - 500) <= 50)
  }

  @Test func `few are checked soon after the start`() {
    let schedule = schedule(3, every: 3600)
    #expect((schedule.due ?? .infinity) < 1001)
  }

  @Test func `who stays keeps its time, who goes is forgotten, who is hurried comes first`() {
    var schedule = HealthSchedule<String>()
    schedule.watch(["a": 60, "b": 60], at: 0)
    _ = schedule.take(at: 5)
    let due = schedule.due
    schedule.watch(["a": 60, "b": 60], at: 6)
    #expect(schedule.due == due)
    schedule.expedite(["b"], at: 7)
    #expect(schedule.due == 7)
    #expect(schedule.take(at: 7) == ["b"])
    schedule.watch([:], at: 8)
    #expect(schedule.due == nil)
  }
}
