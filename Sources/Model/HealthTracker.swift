/// How a destination is, by what its last checks found.
package enum Health: String, CaseIterable, Codable, Sendable {
  case healthy, unhealthy
  /// Nobody knows: it was not checked yet, or our own network is down.
  case unknown
}

/// What one check says about health.
package enum CheckOutcome: Hashable, Sendable {
  case passed, failed
  /// The check says nothing about the destination: our own network is down.
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

/// Turns checks into health: so many failures in a row to unhealthy, so many successes back. The first success after
/// not knowing is enough.
package struct HealthTracker: Hashable, Codable, Sendable {
  /// Checks in a row that change health.
  package struct Thresholds: Hashable, Sendable {
    package var failures = 3
    package var successes = 2

    package init() {}
  }

  package private(set) var health = Health.unknown
  package private(set) var since: Timestamp
  /// Failures in a row up to now.
  package private(set) var failures = 0
  /// Successes in a row up to now.
  package private(set) var successes = 0

  package init(since: Timestamp) { self.since = since }

  /// The health before and after, where this check changed it.
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
