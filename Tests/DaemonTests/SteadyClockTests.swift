import Daemon
import Model
import Platform
import Testing

@Suite struct SteadyClockTests {
  private let start = 1_790_000_000.0

  /// A clock of the machine that shows another time, by an offset in seconds.
  private func clocks() -> (ManualClock, Lock<Double>, SteadyClock) {
    let (clock, offset) = (ManualClock(), Lock(0.0))
    let steady = SteadyClock(clock: clock) { [start] in
      Timestamp(seconds: start + clock.now + offset.withLock { $0 })
    }
    return (clock, offset, steady)
  }

  @Test(arguments: [10 * 365 * 86400.0, -3600]) func `a jump is believed once it lasts`(jump: Double) {
    let (clock, offset, steady) = clocks()
    clock.set(100)
    #expect(steady.now.seconds == start + 100)
    offset.withLock { $0 = jump }
    clock.set(105)
    #expect(steady.now.seconds == start + 105)
    // For seconds only: it never was.
    offset.withLock { $0 = 0 }
    clock.set(110)
    #expect(steady.now.seconds == start + 110)
    offset.withLock { $0 = jump }
    for second in stride(from: 120.0, through: 700, by: 10) {
      clock.set(second)
      #expect(steady.now.seconds == start + second)
    }
    clock.set(720)
    #expect(steady.now.seconds == start + 720 + jump)
    clock.set(800)
    #expect(steady.now.seconds == start + 800 + jump)
  }

  @Test func `a clock that is corrected little by little is followed`() {
    let (clock, offset, steady) = clocks()
    for second in 1...100 {
      clock.set(Double(second) * 60)
      offset.withLock { $0 += 30 }
      #expect(steady.now.seconds == start + Double(second) * 90)
    }
  }
}
