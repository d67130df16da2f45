/// Sender and recipients of a mail. The body of the transfer is its text, the URL its server: `smtp://host:25`.
package struct MailEnvelope: Sendable {
  package var from: String
  package var to: [String]
  /// nil: no authentication.
  package var user: String?
  package var password: String?
  /// Whether the mail requires a connection with TLS.
  package var requiresTLS = false

  package init(from: String, to: [String]) {
    self.from = from
    self.to = to
  }
}

/// One request for libcurl: HTTP, or SMTP if it has an envelope.
package struct HTTPTransfer: Sendable {
  package var method: String
  package var url: String
  package var headers: [(name: String, value: String)] = []
  package var body: [UInt8]?
  package var mail: MailEnvelope?
  /// Seconds for name look-up, TCP and TLS together.
  package var connectTimeout = 5.0
  /// Seconds until the first byte of the response; nil: only the total timeout applies.
  package var firstByteTimeout: Double?
  /// Seconds for the whole transfer; infinite: it has no end of its own.
  package var totalTimeout = 30.0
  package var verifiesCertificates = true
  /// A PEM file of CA certificates that replaces the system's.
  package var caFile: String?
  /// The URL of the proxy; nil: none, whatever the environment sets.
  package var proxy: String?
  /// `host:port:address` lines that replace the name look-up.
  package var resolve: [String] = []
  /// The path of a Unix socket to connect to, whatever the URL says.
  package var unixSocket: String?
  /// Whether it uses a new connection that is closed afterwards, as a probe requires.
  package var usesFreshConnection = false
  /// Whether to collect the certificates of the server; this needs a new connection.
  package var wantsCertificates = false
  /// HTTP/1.1 only, with no newer version offered: nginx sends this to its backends.
  package var usesHTTP11 = false
  /// Whether the transfer ends after the last header, for a caller that does not need the body.
  package var endsWithHeaders = false
  /// Maximum number of body bytes, after which the transfer ends.
  package var maximumBody = 64 << 20
  /// Seconds without a byte after which the transfer ends; nil: only the other limits apply.
  package var idleTimeout: Double?
  /// Takes each piece of the body as it comes, instead of the result; called on the engine's thread. False: the transfer ends.
  package var takeBody: (@Sendable ([UInt8]) -> Bool)?
  /// Whether a body longer than `maximumBody` gives a truncated response (true) or a failure (false).
  package var acceptsTruncatedBody = false

  package init(method: String = "GET", url: String) {
    self.method = method
    self.url = url
  }
}

/// Seconds from the start of the transfer to the end of each phase; 0: phase not reached.
package struct TransferTimings: Hashable, Sendable {
  package var resolved = 0.0
  package var connected = 0.0
  package var secured = 0.0
  package var firstByte = 0.0
  package var total = 0.0

  package init(
    resolved: Double = 0, connected: Double = 0, secured: Double = 0, firstByte: Double = 0, total: Double = 0
  ) {
    self.resolved = resolved
    self.connected = connected
    self.secured = secured
    self.firstByte = firstByte
    self.total = total
  }
}

package struct TransferResult: Sendable {
  package var status: Int
  /// Names in lower case.
  package var headers: [String: String]
  package var body: [UInt8]
  package var timings: TransferTimings
  package var remoteAddress: String
  /// The server's certificates in PEM form, its own first, if they were requested.
  package var certificates: [String] = []
  /// Whether the body is longer than the part that was read.
  package var isTruncated = false

  package init(
    status: Int, headers: [String: String], body: [UInt8], timings: TransferTimings, remoteAddress: String
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.timings = timings
    self.remoteAddress = remoteAddress
  }
}

/// A transfer without a response.
package struct TransferError: Error, Equatable, CustomStringConvertible {
  package enum Reason: Equatable, Sendable {
    case resolve, refused, unreachable, timeout, tls, reset, tooLarge, notHTTP, badURL, cancelled, other
  }
  package var reason: Reason
  /// libcurl's message.
  package var message: String
  package var timings: TransferTimings
  /// Whether the request may have reached the server; false only if it certainly did not.
  package var mayHaveBeenSent: Bool
  /// The last HTTP or SMTP status of the server; 0: none.
  package var status = 0

  package init(reason: Reason, message: String, timings: TransferTimings, mayHaveBeenSent: Bool) {
    self.reason = reason
    self.message = message
    self.timings = timings
    self.mayHaveBeenSent = mayHaveBeenSent
  }

  package var description: String { message }
}
