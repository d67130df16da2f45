package import Model

/// A call without a response, with a stable code.
package struct UpstreamFailure: Error, Sendable, CustomStringConvertible {
  package enum Reason: Hashable, Sendable {
    case unresolved, refused, unreachable, timeout, tls, reset, tooLarge, notHTTP, redirected, notAllowed, rateLimited,
      breakerOpen, other
  }

  package var reason: Reason
  package var message: String
  package var hint: String?
  /// False only if the request was certainly not executed.
  package var mayHaveBeenSent: Bool
  /// Seconds for which the upstream asks not to be called.
  package var retryAfter: Double?
  /// The ID of the call, here and in the upstream's log.
  package var callID: String

  package var description: String { message }

  package var code: DiagnosticCode {
    switch reason {
    case .unresolved: .upstreamUnresolved
    case .refused: .upstreamRefused
    case .unreachable: .upstreamUnreachable
    case .timeout: .upstreamTimeout
    case .tls: .upstreamTLS
    case .reset: .upstreamReset
    case .tooLarge: .upstreamTooLarge
    case .notHTTP: .upstreamNotHTTP
    case .redirected: .upstreamRedirected
    case .notAllowed: .upstreamNotAllowed
    case .rateLimited: .upstreamRateLimited
    case .breakerOpen: .upstreamBreakerOpen
    case .other: .upstreamFailed
    }
  }
}
