import Testing
import Model

/// The breaker is a value type: times in, states out.
@Suite struct CircuitBreakerTests {
  private func opened() -> CircuitBreaker {
    var breaker = CircuitBreaker()
    for _ in 1...5 { breaker.failed(at: 100) }
    return breaker
  }

  private func admits(_ breaker: inout CircuitBreaker, at now: Double, _ expected: CircuitBreaker.Admission) {
    let found = breaker.admit(at: now)
    #expect(found == expected)
  }

  @Test func `failures in a row open it, and a success between them starts the count anew`() {
    var breaker = CircuitBreaker()
    for _ in 1...4 { breaker.failed(at: 0) }
    admits(&breaker, at: 0, .go)
    breaker.succeeded()
    for _ in 1...4 { breaker.failed(at: 0) }
    #expect(breaker.state == .closed(failures: 4))
    breaker.failed(at: 7)
    #expect(breaker.state == .open(until: 8, period: 1))
  }

  @Test func `while open it says when the next try is`() {
    var breaker = opened()
    admits(&breaker, at: 100.25, .refused(seconds: 0.75))
    #expect(breaker.state == .open(until: 101, period: 1))
  }

  @Test func `one call finds out, the others wait`() {
    var breaker = opened()
    admits(&breaker, at: 101, .go)
    #expect(breaker.state == .halfOpen(period: 1))
    admits(&breaker, at: 101, .refused(seconds: 1))
    breaker.succeeded()
    admits(&breaker, at: 101, .go)
    #expect(breaker.state == .closed(failures: 0))
  }

  @Test func `each failed trial doubles the wait, up to a bound`() {
    var breaker = opened()
    var now = 101.0
    for period in [2.0, 4, 8, 16, 30, 30] {
      admits(&breaker, at: now, .go)
      breaker.failed(at: now)
      #expect(breaker.state == .open(until: now + period, period: period))
      now += period
    }
  }

  @Test func `a call that was under way when it opened changes nothing`() {
    var breaker = opened()
    breaker.failed(at: 100.5)
    #expect(breaker.state == .open(until: 101, period: 1))
  }
}
