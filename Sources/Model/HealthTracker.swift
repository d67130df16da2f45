/// How a destination is, by what its last checks found.
package enum Health: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
  case healthy, unhealthy
  /// Not checked yet, or our own network is down.
  case unknown
}

/// The meaning of one check for health.
package enum CheckOutcome: Hashable, Sendable {
  case passed, failed
  /// The check shows nothing about the destination: our own network is down.
  case inconclusive
}

/// A destination became healthy, unhealthy or unknown.
package struct HealthTransition: Hashable, Sendable {
  package var key: TargetKey
  package var name: String { key.name }
  package var before: Health
  package var after: Health
  package var at: Timestamp

  package init(_ key: TargetKey, before: Health, after: Health, at: Timestamp) {
    self.key = key
    self.before = before
    self.after = after
    self.at = at
  }
}

/// Turns checks into health: a number of consecutive failures makes a destination unhealthy, a number of consecutive
/// successes healthy again. After unknown, the first success is enough.
package struct HealthTracker: Hashable, Codable, Sendable {
  /// Consecutive checks that change health.
  package struct Thresholds: Hashable, Sendable {
    package var failures = 3
    package var successes = 2

    package init() {}
  }

  package private(set) var health = Health.unknown
  package private(set) var since: Timestamp
  /// Current number of consecutive failures.
  package private(set) var failures = 0
  /// Current number of consecutive successes.
  package private(set) var successes = 0

  package init(since: Timestamp) { self.since = since }

  /// Returns the health before and after, if this check changed it.
  package mutating func note(
    _ outcome: CheckOutcome, _ thresholds: Thresholds, at now: Timestamp
  ) -> (before: Health, after: Health)? {
    failures = outcome == .failed ? failures + 1 : 0
    successes = outcome == .passed ? successes + 1 : 0
    let after = next(outcome, thresholds)
    guard after != health else { return nil }
    defer {
      health = after
      since = now
    }
    return (health, after)
  }

  private func next(_ outcome: CheckOutcome, _ thresholds: Thresholds) -> Health {
    switch outcome {
    case .inconclusive: .unknown
    case .failed: failures >= thresholds.failures ? .unhealthy : health
    case .passed: health == .unhealthy && successes < thresholds.successes ? .unhealthy : .healthy
    }
  }
}
