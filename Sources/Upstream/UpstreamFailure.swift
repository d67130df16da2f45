package import Model

/// A call that brought no answer, as a stable code.
package struct UpstreamFailure: Error, Sendable, CustomStringConvertible {
  package enum Reason: Hashable, Sendable {
    case unresolved, refused, unreachable, timeout, tls, reset, tooLarge, notHTTP, redirected, notAllowed, rateLimited,
      breakerOpen, other
  }

  package var reason: Reason
  package var message: String
  package var hint: String?
  /// False only when the request was certainly not carried out.
  package var mayHaveBeenSent: Bool
  /// Names the call, here and in the upstream's own log.
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
