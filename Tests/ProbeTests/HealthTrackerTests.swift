import Model
import Platform
import Probe
import Testing

/// The tracker is a value type: checks in, health out.
@Suite struct HealthTrackerTests {
  private let thresholds = HealthTracker.Thresholds()

  /// Health after each check, with checks written as `+`, `-` and `?`.
  private func healths(_ checks: String) -> [Health] {
    var tracker = HealthTracker(since: Timestamp(seconds: 0))
    return checks.enumerated().map { index, sign in
      let verdict: CheckOutcome = sign == "+" ? .passed : sign == "-" ? .failed : .inconclusive
      _ = tracker.note(verdict, thresholds, at: Timestamp(seconds: Double(index)))
      return tracker.health
    }
  }

  @Test func `the first success is enough, the third failure in a row is too much`() {
    #expect(healths("+--") == [.healthy, .healthy, .healthy])
    #expect(healths("+---") == [.healthy, .healthy, .healthy, .unhealthy])
    #expect(healths("+--+--") == Array(repeating: .healthy, count: 6))
  }

  @Test func `nothing is known before there was an answer, or three times none`() {
    #expect(healths("---") == [.unknown, .unknown, .unhealthy])
  }

  @Test func `two successes in a row bring it back`() {
    #expect(healths("---+-++").suffix(4) == [.unhealthy, .unhealthy, .unhealthy, .healthy])
  }

  @Test func `while our own network is down nothing is known, and nothing is counted`() {
    #expect(healths("+--?--") == [.healthy, .healthy, .healthy, .unknown, .unknown, .unknown])
    #expect(healths("---?+") == [.unknown, .unknown, .unhealthy, .unknown, .healthy])
  }

  @Test func `a transition says from what to what, and since when`() {
    var tracker = HealthTracker(since: Timestamp(seconds: 0))
    let first = tracker.note(.passed, thresholds, at: Timestamp(seconds: 5))
    #expect(first?.before == .unknown && first?.after == .healthy)
    let second = tracker.note(.passed, thresholds, at: Timestamp(seconds: 9))
    #expect(second == nil)
    #expect(tracker.since == Timestamp(seconds: 5))
  }
}
