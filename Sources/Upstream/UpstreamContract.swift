/// How we treat one upstream: what a call may cost and how often it is tried.
package struct UpstreamContract: Sendable {
  /// The upstream's name in messages: `NPM`.
  package var name: String
  /// Seconds for look-up, TCP and TLS.
  package var connectTimeout = 5.0
  /// Seconds for one attempt at a read.
  package var readTimeout = 15.0
  /// Seconds for a write: NPM tests nginx three times in each, 2.5 s at a thousand hosts.
  package var writeTimeout = 60.0
  /// Attempts at an idempotent call.
  package var attempts = 3
  /// Backoff before attempt n + 1: a random share of `base * 2^n` seconds, at most `cap` (full jitter).
  package var backoffBase = 0.2
  package var backoffCap = 2.0
  /// Bytes of an answer beyond which it is refused.
  package var maximumBody = 256 << 20
  /// CA certificates in PEM form instead of the system's.
  package var caFile: String?

  package init(name: String) { self.name = name }

  /// Seconds to wait after failed attempt `attempt` (from 1), for a random `share` in 0...1.
  package func backoff(after attempt: Int, share: Double) -> Double {
    var ceiling = backoffBase
    for _ in 1..<max(attempt, 1) where ceiling < backoffCap { ceiling *= 2 }
    return min(ceiling, backoffCap) * share
  }
}
