import Curl
import Model

/// The state of one call: what is sent, the result of each attempt, and its meaning under the configuration.
struct UpstreamCall {
  private let request: UpstreamRequest
  private let id: String
  private let configuration: UpstreamConfiguration
  private var url: String
  private var redirects = 0
  /// Attempts so far, redirects not counted.
  var attempts = 0
  private(set) var observation: UpstreamObservation

  init(_ request: UpstreamRequest, url: String, id: String, _ configuration: UpstreamConfiguration) {
    self.request = request
    self.id = id
    self.configuration = configuration
    self.url = url
    observation = UpstreamObservation(
      upstream: configuration.name, operation: request.operation, callID: id, status: nil, failure: nil, retries: 0,
      resolved: 0, connected: 0, secured: 0, firstByte: 0, total: 0, bytesSent: request.body?.count ?? 0,
      bytesReceived: 0)
  }

  var transfer: HTTPTransfer {
    var transfer = HTTPTransfer(method: request.method, url: url)
    transfer.headers = (request.headers + [("X-Request-ID", id)]).filter { HeaderField.isName($0.name) }
      .map { ($0.name, HeaderField.value($0.value)) }
    transfer.body = request.body
    transfer.connectTimeout = configuration.connectTimeout
    transfer.totalTimeout =
      request.timeout ?? (request.isIdempotent ? configuration.readTimeout : configuration.writeTimeout)
    transfer.firstByteTimeout = request.isIdempotent ? configuration.firstByteTimeout : nil
    // libcurl itself resends a request if the connection that it reuses turns out to be closed. A write must never be
    // repeated without our knowledge.
    transfer.usesFreshConnection = !request.isIdempotent
    transfer.maximumBody = configuration.maximumBody
    transfer.caFile = configuration.caFile
    transfer.proxy = configuration.proxy?.reveal()
    return transfer
  }

  // MARK: Results of attempts

  mutating func note(_ result: TransferResult) {
    observation.status = result.status
    observation.failure = nil
    observation.bytesReceived += result.body.count
    note(result.timings)
  }

  mutating func note(_ error: TransferError) {
    observation.status = nil
    observation.failure = reason(error)
    note(error.timings)
  }

  private mutating func note(_ timings: TransferTimings) {
    observation.retries = max(0, attempts - 1)
    observation.resolved = timings.resolved
    observation.connected = timings.connected
    observation.secured = timings.secured
    observation.firstByte = timings.firstByte
    observation.total = timings.total
  }

  func response(_ result: TransferResult) -> UpstreamResponse {
    UpstreamResponse(status: result.status, headers: result.headers, body: result.body, callID: id)
  }

  /// Whether a gateway reports that the server behind it is temporarily unavailable.
  func isGatewayError(_ status: Int) -> Bool { [502, 503, 504].contains(status) }

  /// 429 means that the call was not executed, so that even a write may be repeated.
  func judge(_ result: TransferResult) -> RetryPolicy.Attempt {
    RetryPolicy.Attempt(
      number: attempts, isIdempotent: request.isIdempotent || result.status == 429,
      isTransient: result.status == 429 || isGatewayError(result.status),
      retryAfter: RetryPolicy.retryAfter(result.headers))
  }

  func judge(_ error: TransferError) -> RetryPolicy.Attempt {
    let isFinal = [.tls, .badURL, .notHTTP, .tooLarge, .cancelled].contains(error.reason)
    return RetryPolicy.Attempt(
      number: attempts, isIdempotent: request.isIdempotent || !error.mayHaveBeenSent, isTransient: !isFinal)
  }

  // MARK: Redirects

  func isRedirect(_ result: TransferResult) -> Bool {
    [301, 302, 307, 308].contains(result.status) && result.headers["location"] != nil
  }

  /// Follows a redirect, or returns the reason why not.
  mutating func redirect(to location: String, from baseURL: String) -> UpstreamFailure? {
    let shown = HeaderField.value(String(location.prefix(200)))
    guard let from = UpstreamOrigin(baseURL), let here = UpstreamOrigin(url) else {
      return failure(.other, "'\(baseURL)' is no usable URL", sent: false)
    }
    let target = location.hasPrefix("/") && !location.hasPrefix("//") ? "\(here)\(location)" : location
    guard let origin = UpstreamOrigin(target), from.allows(origin, besides: configuration.allowedOrigins) else {
      return failure(
        .notAllowed, "leads to \(shown), where we do not follow", sent: false,
        hint: "set its address to the right place")
    }
    redirects += 1
    guard request.isIdempotent, redirects <= configuration.maximumRedirects else {
      let what = request.isIdempotent ? "leads in circles" : "answers a write with a redirect"
      return failure(.redirected, "\(what): \(shown)", sent: false, hint: "set its address to where it leads")
    }
    url = target
    attempts -= 1
    return nil
  }

  // MARK: Failures

  mutating func failure(
    _ reason: UpstreamFailure.Reason, _ message: String, sent: Bool, hint: String? = nil
  ) -> UpstreamFailure {
    observation.failure = reason
    let place = UpstreamOrigin(url).map { " at \($0.scheme)://\(authority($0))" } ?? ""
    return UpstreamFailure(
      reason: reason, message: "\(configuration.name)\(place) \(message)", hint: hint, mayHaveBeenSent: sent, callID: id
    )
  }

  private func authority(_ origin: UpstreamOrigin) -> String {
    origin.port == (origin.scheme == "https" ? 443 : 80) ? origin.host : "\(origin.host):\(origin.port)"
  }

  /// - Parameter last: the previous failure.
  mutating func breakerOpen(_ seconds: Double, _ last: String) -> UpstreamFailure {
    let left = (max(0.1, seconds) * 10).rounded(.up) / 10
    return failure(
      .breakerOpen, "failed too often (last: \(last)); the next try is in \(left) s", sent: false,
      hint: "look whether it is running")
  }

  mutating func rateLimited(_ result: TransferResult) -> UpstreamFailure {
    let wait = RetryPolicy.retryAfter(result.headers).map { "; it asks us to wait \(Int($0.rounded(.up))) s" } ?? ""
    var found = failure(.rateLimited, "gets too many requests\(wait)", sent: false, hint: "try again later")
    found.retryAfter = RetryPolicy.retryAfter(result.headers)
    return found
  }

  mutating func failure(_ error: TransferError) -> UpstreamFailure {
    // With a proxy configured, these errors concern the connection to the proxy.
    if configuration.proxy != nil, [.resolve, .refused, .unreachable].contains(error.reason) {
      let what = error.reason == .resolve ? "cannot be found" : "takes no connection"
      return failure(
        reason(error), "cannot be asked: the proxy on the way \(what)", sent: false,
        hint: "check the proxy in the settings")
    }
    let message =
      switch error.reason {
      case .resolve: "cannot be found: its name does not resolve"
      case .refused: "refuses connections"
      case .unreachable: "is not reachable"
      case .timeout: "did not answer in time"
      case .tls: "gives no TLS connection: \(error.message)"
      case .reset: "closed the connection in the middle of an answer"
      case .tooLarge: "sent more than \(configuration.maximumBody >> 20) MiB"
      case .notHTTP: "does not speak HTTP"
      case .badURL: "has no usable URL"
      case .cancelled, .other: "could not be asked: \(error.message)"
      }
    return failure(reason(error), message, sent: error.mayHaveBeenSent)
  }

  private func reason(_ error: TransferError) -> UpstreamFailure.Reason {
    switch error.reason {
    case .resolve: .unresolved
    case .refused: .refused
    case .unreachable: .unreachable
    case .timeout: .timeout
    case .tls: .tls
    case .reset: .reset
    case .tooLarge: .tooLarge
    case .notHTTP: .notHTTP
    case .badURL, .cancelled, .other: .other
    }
  }
}
