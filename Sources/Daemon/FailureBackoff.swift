package import Model
package import Planning
package import Reconciler
import Store

/// Changes that failed for reasons of their own are retried with growing pauses: nginx is not reloaded each minute for
/// a configuration that it refused a minute ago. Any difference in a change resets that. Times are seconds of a
/// monotonic clock.
package struct FailureBackoff: Sendable {
  private struct Failure {
    var change: Change
    var count: Int
    var next: Double
  }
  private var failures: [ResourceKey: Failure] = [:]
  /// A write whose reload failed: until it is made again, no other one would be served either.
  private var unproven: ResourceKey?

  private static let backoff = Backoff(first: 120, longest: 3600)

  package init() {}

  package func holds(_ change: Change, at now: Double) -> Bool {
    if let unproven, unproven != change.key, change.key.kind != .stream, let failure = failures[unproven],
      now < failure.next
    {
      return true
    }
    guard let failure = failures[change.key], now < failure.next else { return false }
    return failure.change.desired == change.desired && failure.change.action == change.action
  }

  /// Whether the change of a resource failed, and did not succeed since.
  package func hasFailed(_ key: ResourceKey) -> Bool { failures[key] != nil }

  package mutating func note(_ outcome: ChangeOutcome, at now: Double) {
    let change = outcome.change
    guard [.failed, .unproven].contains(outcome.status) else {
      guard outcome.status == .applied else { return }
      failures[change.key] = nil
      unproven = nil
      return
    }
    if outcome.status == .unproven { unproven = change.key }
    // An unreachable NPM concerns all changes: the loop waits for that.
    if outcome.error.map(\.code.isUpstreamAway) == true { return }
    let count = (failures[change.key]?.count ?? 0) + 1
    failures[change.key] = Failure(change: change, count: count, next: now + Self.backoff.delay(count))
  }

  package mutating func clear() {
    failures = [:]
    unproven = nil
  }
}
