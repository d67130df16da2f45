import Model

/// Why a pass is wanted. What happened is never taken from it: each pass reads everything again.
package enum Trigger: String, CaseIterable, Comparable, Sendable {
  /// The daemon has just begun.
  case start
  /// Desired files changed.
  case files
  /// Time passed.
  case interval
  /// Somebody asked, by SIGHUP.
  case request
  /// A destination that a change waits for is well again.
  case health

  package static func < (left: Trigger, right: Trigger) -> Bool { left.rawValue < right.rawValue }
}

/// How a pass ended, as far as the next one depends on it.
package enum ReconcileResult: Hashable, Sendable {
  /// Everything was looked at: the next pass comes with the interval.
  case done
  /// Something on the way failed that may be well again in a moment: NPM, the network, the disk.
  case requeue
}

/// When the next pass is due. A value that is told the time, in seconds of any clock that never goes back.
///
/// Triggers that come while a pass runs, or before the gap after it is over, are one pass together. Trouble is retried
/// soon, then ever later, but at the latest with the interval. A change of files or a request does not wait for that.
package struct ReconcileSchedule: Sendable {
  package struct Timing: Hashable, Sendable {
    /// Seconds from the end of a pass to the next one.
    package var interval: Double
    /// By how much of itself the interval is shortened or stretched at most, so that many daemons do not march in step.
    package var jitter = 0.1
    /// Seconds between passes at least.
    package var gap = 0.1
    /// Seconds to the first pass after trouble; doubles with each.
    package var retry = 1.0

    package init(interval: Double) { self.interval = interval }
  }

  private let timing: Timing
  private var pending: Set<Trigger> = []
  private var isRunning = false
  /// When the gap after the last pass is over.
  private var free = -Double.infinity
  /// When time alone makes the next pass due.
  private var tick = Double.infinity
  /// Passes in a row that met trouble.
  package private(set) var failures = 0

  package init(_ timing: Timing) { self.timing = timing }

  /// When the next pass should begin; nil while one runs, or when nothing calls for one.
  package var due: Double? {
    if isRunning { return nil }
    if !pending.isEmpty { return free }
    return tick.isFinite ? max(tick, free) : nil
  }

  package mutating func note(_ trigger: Trigger) { pending.insert(trigger) }

  /// Begins a pass, and says what it is for.
  package mutating func begin(at now: Double) -> [Trigger] {
    isRunning = true
    if tick <= now { pending.insert(.interval) }
    tick = .infinity
    defer { pending = [] }
    return pending.sorted()
  }

  /// - Parameter chance: from 0 to 1, where in the range of the jitter the next pass falls.
  package mutating func end(_ result: ReconcileResult, at now: Double, chance: Double) {
    isRunning = false
    free = now + timing.gap
    failures = result == .done ? 0 : failures + 1
    tick = now + spread(delay, chance)
  }

  private var delay: Double {
    failures > 0 ? Backoff(first: timing.retry, longest: timing.interval).delay(failures) : timing.interval
  }

  private func spread(_ seconds: Double, _ chance: Double) -> Double {
    seconds * (1 - timing.jitter + 2 * timing.jitter * chance)
  }
}
