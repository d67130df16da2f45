package import Model

/// A call that brought no answer, as a stable code.
package struct UpstreamFailure: Error, Sendable, CustomStringConvertible {
  package enum Reason: Sendable { case unresolved, refused, unreachable, timeout, tls, reset, tooLarge, notHTTP, other }

  package var reason: Reason
  package var message: String
  /// False only when the request certainly never reached the upstream.
  package var mayHaveBeenSent: Bool

  package var description: String { message }

  package var code: DiagnosticCode {
    switch reason {
    case .timeout: .npmTimeout
    case .tls: .npmTLS
    case .notHTTP, .tooLarge: .npmNotNPM
    default: .npmUnreachable
    }
  }
}
