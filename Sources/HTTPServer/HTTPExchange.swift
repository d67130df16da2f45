/// A received request. The path is as sent, with its percent-encoding.
package struct HTTPRequest: Sendable {
  package var method: String
  package var path: String
  /// The text after `?`; nil: none.
  package var query: String?
  /// Names in lower case; of several with one name, the last.
  package var headers: [String: String]
  package var body: [UInt8]
  /// Whether the body exceeded the server's limit; `body` is then empty.
  package var isBodyTooLarge = false
  /// The address that it came from; empty: a Unix socket.
  package var peer = ""

  package init(method: String, path: String, query: String? = nil, headers: [String: String] = [:], body: [UInt8] = [])
  {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
  }
}

package struct HTTPResponse: Sendable {
  /// How the response is sent.
  package enum Delivery: Sendable {
    case whole
    /// As it comes, until the stream is closed; `body` is not sent.
    case stream(HTTPStream)
    /// Send this many bytes of the body, then drop the connection.
    case cut(after: Int)
    /// Send single bytes with a pause of `pause` seconds after each.
    case drip(pause: Double)
    /// Drop the connection without a response.
    case reset
  }

  package var status: Int
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]
  package var delivery = Delivery.whole

  package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}

/// Computes the response to a request.
package protocol HTTPHandler: Sendable {
  func respond(to request: HTTPRequest) async -> HTTPResponse
  /// Answers that the server gives by itself, for a request that is refused before the handler sees it.
  func refusal(_ refusal: HTTPRefusal) -> HTTPResponse
}

extension HTTPHandler {
  package func refusal(_ refusal: HTTPRefusal) -> HTTPResponse {
    HTTPResponse(
      status: refusal.status, headers: [("Content-Type", "text/plain")], body: Array((refusal.reason + "\n").utf8))
  }
}

/// Why a request is refused before its handler sees it.
package struct HTTPRefusal: Error, Hashable, Sendable {
  package var status: Int
  package var reason: String
}
