/// Who a mail is from and for. Its text is the body of the transfer, its server the URL: `smtp://host:25`.
package struct MailEnvelope: Sendable {
  package var from: String
  package var to: [String]
  /// nil: the server wants none.
  package var user: String?
  package var password: String?
  /// Whether the mail must not go over a connection without TLS.
  package var requiresTLS = false

  package init(from: String, to: [String]) {
    self.from = from
    self.to = to
  }
}

/// One request as libcurl will send it: HTTP, or SMTP where it has an envelope.
package struct HTTPTransfer: Sendable {
  package var method: String
  package var url: String
  package var headers: [(name: String, value: String)] = []
  package var body: [UInt8]?
  package var mail: MailEnvelope?
  /// Name look-up, TCP and TLS together, in seconds.
  package var connectTimeout = 5.0
  /// Until the first byte of the answer, in seconds; nil: as long as everything.
  package var firstByteTimeout: Double?
  /// Everything, in seconds.
  package var totalTimeout = 30.0
  package var verifiesCertificates = true
  /// A file of CA certificates in PEM form, used instead of the system's.
  package var caFile: String?
  /// The proxy to go through, as a URL; nil: none, whatever the environment says.
  package var proxy: String?
  /// `host:port:address` lines that replace the name look-up.
  package var resolve: [String] = []
  /// A connection of its own, closed afterwards: what a probe wants.
  package var usesFreshConnection = false
  /// Whether the certificates that the server shows are wanted: on a connection of its own.
  package var wantsCertificates = false
  /// HTTP/1.1, and nothing newer offered: how nginx asks what it passes requests on to.
  package var usesHTTP11 = false
  /// Whether the transfer is over with the last header: who does not look at the body does not wait for it.
  package var endsWithHeaders = false
  /// Bytes of body after which the transfer ends; what came so far is the answer.
  package var maximumBody = 64 << 20
  /// Whether a body beyond `maximumBody` is an answer cut short (true) or a failure (false).
  package var acceptsTruncatedBody = false

  package init(method: String = "GET", url: String) {
    self.method = method
    self.url = url
  }
}

/// Seconds since the start of the transfer at which each phase was over; 0 where it was not reached.
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
  /// What the server showed where that was wanted, PEM, its own certificate first.
  package var certificates: [String] = []
  /// Whether the body is longer than what was read of it.
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

/// Why a transfer gave no answer.
package struct TransferError: Error, Equatable, CustomStringConvertible {
  package enum Reason: Equatable, Sendable {
    case resolve, refused, unreachable, timeout, tls, reset, tooLarge, notHTTP, badURL, cancelled, other
  }
  package var reason: Reason
  /// libcurl's words.
  package var message: String
  package var timings: TransferTimings
  /// Whether the request may have reached the server: false only when it certainly did not.
  package var mayHaveBeenSent: Bool
  /// The last status that the server gave, of HTTP or SMTP; 0: none.
  package var status = 0

  package init(reason: Reason, message: String, timings: TransferTimings, mayHaveBeenSent: Bool) {
    self.reason = reason
    self.message = message
    self.timings = timings
    self.mayHaveBeenSent = mayHaveBeenSent
  }

  package var description: String { message }
}
