/// A call to an upstream.
package struct UpstreamRequest: Sendable {
  package var method: String
  /// The path below the upstream's base URL, with a leading slash.
  package var path: String
  package var headers: [(name: String, value: String)] = []
  package var body: [UInt8]?
  /// The timeout in seconds of a call that takes longer than others.
  package var timeout: Double?

  package init(_ method: String, _ path: String) {
    self.method = method
    self.path = path
  }

  /// Whether repeating it is safe.
  package var isIdempotent: Bool { method == "GET" || method == "HEAD" }

  /// The kind of call without numbers and queries: `GET /api/nginx/proxy-hosts/{id}`.
  package var operation: String {
    let bare = path.prefix { $0 != "?" }
    let parts = bare.split(separator: "/", omittingEmptySubsequences: false).map { part in
      !part.isEmpty && part.allSatisfy(\.isNumber) ? "{id}" : String(part)
    }
    return "\(method) \(parts.joined(separator: "/"))"
  }
}

/// The response of an upstream. Header names are in lower case.
package struct UpstreamResponse: Sendable {
  package var status: Int
  package var headers: [String: String]
  package var body: [UInt8]
  /// The ID of the call, here and in the upstream's log.
  package var callID = ""

  package var isSuccess: Bool { (200..<300).contains(status) }
  /// Seconds for which the upstream asks not to be called; nil: it does not ask.
  package var retryAfter: Double? { RetryPolicy.retryAfter(headers) }
}

/// Measurements of one call; each call has exactly one, whatever its result.
package struct UpstreamObservation: Hashable, Sendable {
  package var upstream: String
  package var operation: String
  package var callID: String
  /// nil: no response.
  package var status: Int?
  /// nil: a response arrived.
  package var failure: UpstreamFailure.Reason?
  /// Attempts beyond the first.
  package var retries: Int
  /// Seconds from the start of the last attempt to the end of each phase; 0: phase not reached.
  package var resolved: Double
  package var connected: Double
  package var secured: Double
  package var firstByte: Double
  package var total: Double
  package var bytesSent: Int
  package var bytesReceived: Int
}

/// Prevents header injection by external text.
package enum HeaderField {
  /// The value without line ends and other control characters, at most 8 KiB.
  package static func value(_ text: String) -> String {
    let kept = text.unicodeScalars.filter { $0 == "\t" || ($0.value >= 0x20 && $0.value != 0x7f) }
    return String(String(String.UnicodeScalarView(kept)).prefix(8192))
  }

  /// Whether a name is a token of RFC 9110.
  package static func isName(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }
}
