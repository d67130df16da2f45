import Model
import Platform
import Reconciler
import Reports
import Testing

@testable import Daemon

@Suite struct UpdatePublisherTests {
  private struct Counter: DaemonSubscriber {
    let count = Lock(0)
    func receive(_ update: DaemonUpdate) async { count.withLock { $0 += 1 } }
    var backlog: Int { 100_000 }
  }

  /// Weeks of a daemon: what grows with each update would overflow a stack or the memory.
  @Test func `tens of thousands of updates are published, and nothing grows with them`() async {
    let now: @Sendable () -> Timestamp = { Timestamp(seconds: 1000) }
    let document = StatusDocument(status: .init(ReconcileOptions(npmURL: "http://npm.test", owner: "lab")))
    let publisher = UpdatePublisher(
      SnapshotHolder(DaemonSnapshot(instance: .default, startedAt: now(), document: document)),
      FreshnessTimer(interval: 60), now: now)
    let counter = Counter()
    let subscription = Subscription(counter)
    publisher.subscribe([subscription])
    for _ in 0..<50_000 { publisher.publish(.healthChanged([]), nil) }
    subscription.finish()
    await subscription.run()
    #expect(counter.count.withLock { $0 } == 50_000)
  }
}
