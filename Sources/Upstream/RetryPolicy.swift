/// Whether and when a call that failed is tried again.
package struct RetryPolicy: Hashable, Sendable {
  /// Attempts at one call.
  package var attempts = 3
  /// Before attempt n + 1: a random share of `base * 2^n` seconds, at most `cap` (full jitter).
  package var base = 0.2
  package var cap = 2.0
  /// The longest `Retry-After` that is waited for, in seconds.
  package var patience = 30.0
  /// Retries that may be made before calls must succeed again, and what each success gives back.
  package var budget = 10.0
  package var refund = 0.2

  package init() {}

  /// How an attempt ended that brought no good answer.
  package struct Attempt: Hashable, Sendable {
    /// From 1.
    package var number: Int
    /// Repeating it does no harm: it was a read, or it was certainly not carried out.
    package var isIdempotent: Bool
    /// It may go better the next time.
    package var isTransient: Bool
    /// Seconds that the upstream asks us to wait.
    package var retryAfter: Double?

    package init(number: Int, isIdempotent: Bool, isTransient: Bool, retryAfter: Double? = nil) {
      self.number = number
      self.isIdempotent = isIdempotent
      self.isTransient = isTransient
      self.retryAfter = retryAfter
    }
  }

  /// Seconds to wait before the next attempt; nil: there is none.
  ///
  /// - Parameter share: random, in 0...1.
  package func pause(after attempt: Attempt, share: Double) -> Double? {
    guard attempt.isIdempotent, attempt.isTransient, attempt.number < attempts else { return nil }
    if let wanted = attempt.retryAfter { return wanted <= patience ? wanted : nil }
    return backoff(after: attempt.number, share: share)
  }

  package func backoff(after attempt: Int, share: Double) -> Double {
    var ceiling = base
    for _ in 1..<max(attempt, 1) where ceiling < cap { ceiling *= 2 }
    return min(ceiling, cap) * share
  }

  /// `Retry-After` in seconds: a number, or an HTTP date compared with the answer's own `Date`.
  package static func retryAfter(_ headers: [String: String]) -> Double? {
    guard let text = headers["retry-after"] else { return nil }
    if let seconds = Double(text), seconds >= 0, seconds.isFinite { return seconds }
    guard let then = HTTPDate.seconds(text), let now = headers["date"].flatMap(HTTPDate.seconds) else { return nil }
    return max(0, then - now)
  }
}

/// What is left of the right to repeat calls: a sick upstream is not hammered.
package struct RetryBudget: Hashable, Sendable {
  private var tokens: Double
  private let policy: RetryPolicy

  package init(_ policy: RetryPolicy) {
    self.policy = policy
    tokens = policy.budget
  }

  /// Takes one retry; false: there is none left.
  package mutating func take() -> Bool {
    guard tokens >= 1 else { return false }
    tokens -= 1
    return true
  }

  package mutating func succeeded() { tokens = min(policy.budget, tokens + policy.refund) }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
enum HTTPDate {
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// Seconds since 1970; nil for anything else.
  static func seconds(_ text: String) -> Double? {
    let parts = text.split(separator: " ").map(String.init)
    guard parts.count == 6, parts[5] == "GMT", let day = Int(parts[1]), let year = Int(parts[3]),
      let month = months.firstIndex(of: parts[2]), (1...31).contains(day), (1970...9999).contains(year)
    else { return nil }
    let time = parts[4].split(separator: ":").compactMap { Int($0) }
    guard time.count == 3 else { return nil }
    return Double(days(year, month + 1, day) * 86400 + time[0] * 3600 + time[1] * 60 + time[2])
  }

  /// Days since 1970 in the Gregorian calendar, years counted from March so that the leap day comes last.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
  }
}
