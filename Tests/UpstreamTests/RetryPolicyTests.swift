import Testing
import Upstream

@Suite struct RetryPolicyTests {
  private let policy = RetryPolicy()

  @Test func `backoff grows, is bounded, and is shared out at random`() {
    #expect(policy.backoff(after: 1, share: 1) == 0.2)
    #expect(policy.backoff(after: 3, share: 1) == 0.8)
    #expect(policy.backoff(after: 30, share: 1) == 2)
    #expect(policy.backoff(after: 3, share: 0.5) == 0.4)
  }

  @Test func `only what is harmless and may pass is tried again, and not for ever`() {
    typealias Attempt = RetryPolicy.Attempt
    #expect(policy.pause(after: Attempt(number: 1, isIdempotent: true, isTransient: true), share: 1) == 0.2)
    #expect(policy.pause(after: Attempt(number: 1, isIdempotent: false, isTransient: true), share: 1) == nil)
    #expect(policy.pause(after: Attempt(number: 1, isIdempotent: true, isTransient: false), share: 1) == nil)
    #expect(policy.pause(after: Attempt(number: 3, isIdempotent: true, isTransient: true), share: 1) == nil)
  }

  @Test func `what the upstream asks for is waited for, within reason`() {
    let short = RetryPolicy.Attempt(number: 1, isIdempotent: true, isTransient: true, retryAfter: 7)
    let long = RetryPolicy.Attempt(number: 1, isIdempotent: true, isTransient: true, retryAfter: 31)
    #expect(policy.pause(after: short, share: 0) == 7)
    #expect(policy.pause(after: long, share: 0) == nil)
  }

  @Test(
    arguments: [
      (["retry-after": "120"], 120), (["retry-after": "-1"], nil), (["retry-after": "soon"], nil), ([:], nil),
      (["retry-after": "Sun, 06 Nov 1994 08:50:07 GMT", "date": "Sun, 06 Nov 1994 08:49:37 GMT"], 30),
      (["retry-after": "Tue, 01 Mar 2016 00:00:01 GMT", "date": "Mon, 29 Feb 2016 23:59:59 GMT"], 2),
      (["retry-after": "Sun, 06 Nov 1994 08:49:07 GMT", "date": "Sun, 06 Nov 1994 08:49:37 GMT"], 0),
      (["retry-after": "Sun, 06 Nov 1994 08:49:07 GMT"], nil),
    ] as [([String: String], Double?)])
  func `Retry-After is a number of seconds or a date`(headers: [String: String], seconds: Double?) {
    #expect(RetryPolicy.retryAfter(headers) == seconds)
  }

  @Test func `a sick upstream is not hammered: retries run out, and successes bring them back`() {
    var budget = RetryBudget(policy)
    var granted = 0
    while budget.take() { granted += 1 }
    #expect(granted == 10)
    for _ in 1...5 { budget.succeeded() }
    while budget.take() { granted += 1 }
    #expect(granted == 11)
  }
}
