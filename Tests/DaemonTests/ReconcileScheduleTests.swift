import Daemon
import Reconciler
import Testing

/// Due times of passes, without a clock.
@Suite struct ReconcileScheduleTests {
  private func state(interval: Double = 60) -> ReconcileSchedule {
    var timing = ReconcileSchedule.Timing(interval: interval)
    timing.gap = 2
    timing.jitter = 0.1
    return ReconcileSchedule(timing)
  }

  /// A state with one pass that ended at second 10.
  private func settled(interval: Double = 60, chance: Double = 0.5) -> ReconcileSchedule {
    var loop = state(interval: interval)
    loop.note(.start)
    _ = loop.begin(at: 0)
    loop.end(.done, at: 10, chance: chance)
    return loop
  }

  @Test func `nothing is due until something is wanted`() {
    var loop = state()
    #expect(loop.due == nil)
    loop.note(.start)
    let due = loop.due ?? .nan
    #expect(due <= 0)
  }

  @Test func `the interval counts from the end of a reconciliation, give or take its jitter`() {
    #expect(settled(chance: 0.5).due == 70)
    #expect(settled(chance: 0).due == 64)
    #expect(settled(chance: 1).due == 76)
  }

  @Test func `many triggers are one reconciliation, and it knows them all`() {
    var loop = settled()
    for _ in 0..<1000 { loop.note(.files) }
    loop.note(.request)
    #expect(loop.due == 12)
    #expect(loop.begin(at: 12) == [.files, .request])
    #expect(loop.due == nil)
    loop.end(.done, at: 13, chance: 0.5)
    #expect(loop.due == 73)
  }

  @Test func `what comes while a reconciliation runs is another reconciliation, after the gap`() {
    var loop = settled()
    loop.note(.files)
    _ = loop.begin(at: 12)
    loop.note(.files)
    #expect(loop.due == nil)
    loop.end(.done, at: 20, chance: 0.5)
    #expect(loop.due == 22)
    #expect(loop.begin(at: 22) == [.files])
  }

  @Test func `time alone is a trigger, and says so`() {
    var loop = settled()
    #expect(loop.begin(at: 70) == [.interval])
  }

  @Test func `trouble is retried soon, then later, and never later than the interval`() {
    var loop = settled()
    var now = 70.0
    var waits: [Double] = []
    for _ in 0..<80 {
      _ = loop.begin(at: now)
      loop.end(.requeue, at: now, chance: 0.5)
      waits.append((loop.due ?? .nan) - now)
      now = loop.due ?? .nan
    }
    #expect(waits.prefix(7) == [2, 2, 4, 8, 16, 32, 60])
    #expect(waits.last == 60)
    #expect(loop.failures == 80)
    _ = loop.begin(at: now)
    loop.end(.done, at: now, chance: 0.5)
    #expect(loop.failures == 0 && loop.due == now + 60)
  }

  @Test func `a change of files does not wait for trouble to be over`() {
    var loop = settled()
    for _ in 0..<10 {
      _ = loop.begin(at: 70)
      loop.end(.requeue, at: 70, chance: 0.5)
    }
    loop.note(.files)
    #expect(loop.due == 72)
  }
}
