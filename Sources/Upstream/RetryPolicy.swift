/// Decides whether and when a failed call is retried.
package struct RetryPolicy: Hashable, Sendable {
  /// Maximum number of attempts for one call.
  package var attempts = 3
  /// Wait before attempt n + 1: a random share of `base * 2^(n - 1)` seconds, at most `cap` (full jitter).
  package var base = 0.2
  package var cap = 2.0
  /// The longest `Retry-After` that is accepted, in seconds.
  package var timeout = 30.0
  /// Retries allowed without a successful call in between; `refund` is what each success gives back.
  package var budget = 10.0
  package var refund = 0.2

  package init() {}

  /// An attempt without a usable response.
  package struct Attempt: Hashable, Sendable {
    /// From 1.
    package var number: Int
    /// Whether repeating it is safe: it was a read, or it was certainly not executed.
    package var isIdempotent: Bool
    /// Whether a retry may succeed.
    package var isTransient: Bool
    /// The wait in seconds that the upstream requests.
    package var retryAfter: Double?

    package init(number: Int, isIdempotent: Bool, isTransient: Bool, retryAfter: Double? = nil) {
      self.number = number
      self.isIdempotent = isIdempotent
      self.isTransient = isTransient
      self.retryAfter = retryAfter
    }
  }

  /// Seconds to wait before the next attempt; nil: no further attempt.
  ///
  /// - Parameter share: random, in 0...1.
  package func pause(after attempt: Attempt, share: Double) -> Double? {
    guard attempt.isIdempotent, attempt.isTransient, attempt.number < attempts else { return nil }
    if let wanted = attempt.retryAfter { return wanted <= timeout ? wanted : nil }
    return backoff(after: attempt.number, share: share)
  }

  package func backoff(after attempt: Int, share: Double) -> Double {
    var ceiling = base
    for _ in 1..<max(attempt, 1) where ceiling < cap { ceiling *= 2 }
    return min(ceiling, cap) * share
  }

  /// Parses `Retry-After` to seconds: a number, or an HTTP date relative to the response's `Date`.
  package static func retryAfter(_ headers: [String: String]) -> Double? {
    guard let text = headers["retry-after"] else { return nil }
    if let seconds = Double(text), seconds >= 0, seconds.isFinite { return seconds }
    guard let then = HTTPDate.seconds(text), let now = headers["date"].flatMap(HTTPDate.seconds) else { return nil }
    return max(0, then - now)
  }
}

/// The remaining retries, limited so that a failing upstream is not overloaded.
package struct RetryBudget: Hashable, Sendable {
  private var tokens: Double
  private let policy: RetryPolicy

  package init(_ policy: RetryPolicy) {
    self.policy = policy
    tokens = policy.budget
  }

  /// Takes one retry; false: none is left.
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

  /// Days since 1970 in the Gregorian calendar; the year starts in March so that the leap day is last.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
  }
}
