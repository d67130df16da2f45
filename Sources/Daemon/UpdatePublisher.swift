import Model
import Platform
import Probe

/// Replaces the snapshot after each reconciliation and each change of health, and sends both to the subscribers.
final class UpdatePublisher: Sendable {
  let snapshots: SnapshotHolder
  private let freshness: FreshnessTimer
  private let now: @Sendable () -> Timestamp
  private let subscriptions = Lock<[Subscription]>([])

  init(_ snapshots: SnapshotHolder, _ freshness: FreshnessTimer, now: @escaping @Sendable () -> Timestamp) {
    self.snapshots = snapshots
    self.freshness = freshness
    self.now = now
  }

  func subscribe(_ subscribers: [Subscription]) { subscriptions.withLock { $0 += subscribers } }

  /// - Parameter view: nil: it is not known yet what to watch.
  func publish(_ cause: DaemonUpdate.Cause, _ view: HealthSnapshot?) {
    if case .aged = cause {} else { freshness.note(cause) }
    let (before, after) = snapshots.update { $0.take(cause, view, at: now()) }
    let isNews = after.headline?.key != before.headline?.key
    let update = DaemonUpdate(cause: cause, snapshot: after, newHeadline: isNews ? after.headline : nil)
    for subscription in subscriptions.withLock({ $0 }) { subscription.send(update) }
  }
}
