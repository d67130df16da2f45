package import Platform

/// Shows whether the daemon's work goes on, for the watchdog of a service manager. Tasks that are only scheduled prove
/// nothing: what counts is that reconciliations begin when they are due, and make progress.
package final class WorkMeter: Sendable {
  /// Seconds for the longest step without progress: a request to Let's Encrypt through NPM.
  package static let longestStep = 600.0
  /// Seconds by which a reconciliation may begin late.
  package static let longestDelay = 60.0

  private let clock: any MonotonicClock
  private let deadline: Lock<Double>

  package init(clock: any MonotonicClock = SystemMonotonicClock()) {
    self.clock = clock
    deadline = Lock(clock.now + Self.longestStep)
  }

  /// A step of a reconciliation has begun.
  package func noteProgress() { deadline.withLock { $0 = clock.now + Self.longestStep } }

  /// - Parameter due: when the next reconciliation begins, in seconds of the clock; nil: when it is requested.
  func noteEnd(due: Double?) { deadline.withLock { $0 = due.map { $0 + Self.longestDelay } ?? .infinity } }

  package var goesOn: Bool { clock.now <= deadline.withLock { $0 } }
}
