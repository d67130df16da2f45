import Daemon
import Model
import Platform
import Probe
import Testing

@Suite struct HealthEventRecorderTests {
  private func reasons(_ news: inout HealthEventRecorder, _ changes: [(Health, Health)]) -> [String] {
    let transitions = changes.enumerated().map { index, change in
      HealthTransition(
        TargetKey(.default, ResourceKey(.proxyHost, "h\(index)")), before: change.0, after: change.1,
        at: Timestamp(seconds: 0))
    }
    return news.events(transitions, nil, correlation: "x").map(\.reason)
  }

  @Test func `the first good answer is no news, a way back is`() {
    var news = HealthEventRecorder()
    #expect(reasons(&news, [(.unknown, .healthy), (.unhealthy, .healthy)]) == ["Healthy"])
    #expect(reasons(&news, [(.healthy, .unhealthy), (.unknown, .unhealthy)]) == ["Unhealthy", "Unhealthy"])
  }

  @Test func `our own network is said to be down once, and to be back once`() {
    var news = HealthEventRecorder()
    #expect(reasons(&news, [(.healthy, .unknown), (.healthy, .unknown)]) == ["NetworkDown"])
    #expect(reasons(&news, [(.healthy, .unknown)]).isEmpty)
    #expect(reasons(&news, [(.unknown, .healthy)]) == ["NetworkUp"])
    #expect(reasons(&news, [(.unknown, .healthy)]).isEmpty)
  }
}
