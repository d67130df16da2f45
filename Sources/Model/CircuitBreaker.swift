/// Keeps calls away from an upstream that is down. A value: time comes in, nothing goes out.
package struct CircuitBreaker: Hashable, Sendable {
  package struct Settings: Hashable, Sendable {
    /// Failures in a row that open it.
    package var failures = 5
    /// Seconds for which it is open at first; each failed trial doubles them.
    package var openSeconds = 1.0
    package var maximumOpenSeconds = 30.0

    package init() {}
  }

  package enum State: Hashable, Sendable {
    case closed(failures: Int)
    case open(until: Double, period: Double)
    /// One call is on its way to find out.
    case halfOpen(period: Double)
  }

  package enum Admission: Hashable, Sendable {
    case go
    /// Seconds until the next call may try.
    case refused(seconds: Double)
  }

  package private(set) var state = State.closed(failures: 0)
  private let settings: Settings

  package init(_ settings: Settings = Settings()) { self.settings = settings }

  package var isClosed: Bool { if case .closed = state { true } else { false } }

  /// Whether calls are kept away at that time.
  package func isOpen(at now: Double) -> Bool { if case .open(let until, _) = state { now < until } else { false } }

  /// - Parameter now: seconds of a clock that never goes back.
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
    case .open: break  // a call that was under way when it opened
    }
  }
}
