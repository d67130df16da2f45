/// Stops calls to an upstream that is down. A value type: the caller passes the time, and it has no side effects.
package struct CircuitBreaker: Hashable, Sendable {
  package struct Settings: Hashable, Sendable {
    /// Consecutive failures that open it.
    package var failures = 5
    /// Seconds of the first open period; each failed trial doubles them.
    package var openSeconds = 1.0
    package var maximumOpenSeconds = 30.0

    package init() {}
  }

  package enum State: Hashable, Sendable {
    case closed(failures: Int)
    case open(until: Double, period: Double)
    /// One trial call is in progress.
    case halfOpen(period: Double)
  }

  package enum Admission: Hashable, Sendable {
    case go
    /// Seconds until the next trial call.
    case refused(seconds: Double)
  }

  package private(set) var state = State.closed(failures: 0)
  private let settings: Settings

  package init(_ settings: Settings = Settings()) { self.settings = settings }

  package var isClosed: Bool { if case .closed = state { true } else { false } }

  /// Whether calls are refused at that time.
  package func isOpen(at now: Double) -> Bool { if case .open(let until, _) = state { now < until } else { false } }

  /// - Parameter now: seconds of a monotonic clock.
  package mutating func admit(at now: Double) -> Admission {
    switch state {
    case .closed: return .go
    case .open(let until, let period):
      guard now >= until else { return .refused(seconds: until - now) }
      state = .halfOpen(period: period)
      return .go
    case .halfOpen(let period): return .refused(seconds: period)
    }
  }

  package mutating func succeeded() { state = .closed(failures: 0) }

  package mutating func failed(at now: Double) {
    switch state {
    case .closed(let failures):
      let count = failures + 1
      state =
        count < settings.failures
        ? .closed(failures: count) : .open(until: now + settings.openSeconds, period: settings.openSeconds)
    case .halfOpen(let period):
      let longer = min(period * 2, settings.maximumOpenSeconds)
      state = .open(until: now + longer, period: longer)
    case .open: break  // a call that began before it opened
    }
  }
}
