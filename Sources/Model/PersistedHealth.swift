/// What is kept of the health of a host from one start of the daemon to the next.
package struct PersistedHealth: Hashable, Codable, Sendable {
  package var tracker: HealthTracker
  /// Times of the last failures that did not make it unhealthy, the newest last.
  package var failures: [Timestamp] = []
  package var checkedAt: Timestamp?
  /// When it was first watched; nil: by an earlier version.
  package var firstSeen: Timestamp?
  /// The destination, as `host:port`, that all this is about: another one has a history of its own.
  package var destination: String

  package init(since: Timestamp, destination: String) {
    tracker = HealthTracker(since: since)
    firstSeen = since
    self.destination = destination
  }

  /// Failures that are kept.
  private static let depth = 5

  package mutating func note(_ outcome: CheckOutcome, at time: Timestamp) {
    checkedAt = time
    if outcome == .failed { failures = (failures + [time]).suffix(Self.depth) }
  }
}
