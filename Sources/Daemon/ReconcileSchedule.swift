import Model

/// Why a pass is due. It carries no data: each pass reads everything again.
package enum Trigger: String, CaseIterable, Comparable, Sendable {
  /// The daemon has just started.
  case start
  /// Desired files changed.
  case files
  /// The interval elapsed.
  case interval
  /// Requested by SIGHUP.
  case request
  /// A destination that a change waits for is healthy again.
  case health

  package static func < (left: Trigger, right: Trigger) -> Bool { left.rawValue < right.rawValue }
}

/// How a pass ended, as far as the next one depends on it.
package enum ReconcileResult: Hashable, Sendable {
  /// Complete: the next pass comes with the interval.
  case done
  /// A failure that may be temporary: NPM, the network, the disk.
  case requeue
  /// Complete, but something waits for that long.
  case again(seconds: Double)
}

/// When the next pass is due. A value; the time is passed in, in seconds of any monotonic clock.
///
/// Triggers during a pass, or before the gap after it is over, are combined into one pass. Failures are retried
/// soon, then with growing pauses, at the latest with the interval. Changed files and requests do not wait for that.
package struct ReconcileSchedule: Sendable {
  package struct Timing: Hashable, Sendable {
    /// Seconds from the end of a pass to the next one.
    package var interval: Double
    /// The maximum fraction by which the interval is shortened or extended, so that many daemons do not run in step.
    package var jitter = 0.1
    /// Minimum seconds between passes.
    package var gap = 0.1
    /// Seconds to the first pass after a failure; doubles with each.
    package var retry = 1.0

    package init(interval: Double) { self.interval = interval }
  }

  private let timing: Timing
  private var pending: Set<Trigger> = []
  private var isRunning = false
  /// When the gap after the last pass is over.
  private var free = -Double.infinity
  /// When the next pass is due by time alone.
  private var tick = Double.infinity
  /// Failed passes in a row.
  package private(set) var failures = 0

  package init(_ timing: Timing) { self.timing = timing }

  /// When the next pass should begin; nil while one runs, or when none is due.
  package var due: Double? {
    if isRunning { return nil }
    if !pending.isEmpty { return free }
    return tick.isFinite ? max(tick, free) : nil
  }

  package mutating func note(_ trigger: Trigger) { pending.insert(trigger) }

  /// Begins a pass.
  ///
  /// - Returns: its triggers.
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
    failures = result == .requeue ? failures + 1 : 0
    tick = now + spread(delay, chance)
    if case .again(let seconds) = result { tick = min(tick, now + seconds) }
  }

  private var delay: Double {
    failures > 0 ? Backoff(first: timing.retry, longest: timing.interval).delay(failures) : timing.interval
  }

  private func spread(_ seconds: Double, _ chance: Double) -> Double {
    seconds * (1 - timing.jitter + 2 * timing.jitter * chance)
  }
}
