package import Curl
import Model

/// Sends one transfer. The live one is libcurl's engine; tests bring their own.
package protocol HTTPTransport: Sendable {
  func perform(_ transfer: HTTPTransfer) async throws -> TransferResult
}

extension CurlEngine: HTTPTransport {}

/// A call to an upstream.
package struct UpstreamRequest: Sendable {
  package var method: String
  /// From the upstream's base URL on, with a leading slash.
  package var path: String
  package var headers: [(name: String, value: String)] = []
  package var body: [UInt8]?

  package init(_ method: String, _ path: String) {
    self.method = method
    self.path = path
  }

  /// Whether repeating it does no harm.
  package var isIdempotent: Bool { method == "GET" || method == "HEAD" }
}

/// What an upstream answered. Header names are in lower case.
package struct UpstreamResponse: Sendable {
  package var status: Int
  package var headers: [String: String]
  package var body: [UInt8]

  package var isSuccess: Bool { (200..<300).contains(status) }
}

/// Calls one upstream under its contract.
package struct UpstreamClient: Sendable {
  package let baseURL: String
  private let contract: UpstreamContract
  private let transport: any HTTPTransport
  private let pause: @Sendable (Double) async throws -> Void

  /// - Parameter pause: waits so many seconds between attempts; tests pass their own.
  package init(
    baseURL: String, contract: UpstreamContract, transport: any HTTPTransport,
    pause: @escaping @Sendable (Double) async throws -> Void = { try await Task.sleep(for: .seconds($0)) }
  ) {
    self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
    self.contract = contract
    self.transport = transport
    self.pause = pause
  }

  /// Sends a request; repeats an idempotent one that failed on the way or met a gateway error.
  /// Throws `UpstreamFailure`.
  package func send(_ request: UpstreamRequest) async throws -> UpstreamResponse {
    let attempts = request.isIdempotent ? contract.attempts : 1
    for attempt in 1...attempts {
      do {
        let result = try await transport.perform(transfer(request))
        let response = UpstreamResponse(status: result.status, headers: result.headers, body: result.body)
        guard Self.isPassing(result.status), attempt < attempts else { return response }
      } catch let error as TransferError {
        guard attempt < attempts, error.reason != .cancelled, error.reason != .tls, error.reason != .badURL else {
          throw failure(error)
        }
      }
      try? await pause(contract.backoff(after: attempt, share: Double.random(in: 0...1)))
    }
    throw UpstreamFailure(reason: .other, message: "\(contract.name) was not asked", mayHaveBeenSent: false)
  }

  /// Answers of a gateway whose server is away for a moment, or of a server that asks for patience.
  private static func isPassing(_ status: Int) -> Bool { [429, 502, 503, 504].contains(status) }

  private func transfer(_ request: UpstreamRequest) -> HTTPTransfer {
    var transfer = HTTPTransfer(method: request.method, url: baseURL + request.path)
    transfer.headers = request.headers
    transfer.body = request.body
    transfer.connectTimeout = contract.connectTimeout
    transfer.totalTimeout = request.isIdempotent ? contract.readTimeout : contract.writeTimeout
    // On a connection that it reuses, libcurl sends a request again by itself when the connection turns out dead:
    // a write must never be repeated without our knowing.
    transfer.usesFreshConnection = !request.isIdempotent
    transfer.maximumBody = contract.maximumBody
    transfer.caFile = contract.caFile
    return transfer
  }

  private func failure(_ error: TransferError) -> UpstreamFailure {
    let place = "\(contract.name) at \(baseURL)"
    let (reason, words): (UpstreamFailure.Reason, String) =
      switch error.reason {
      case .resolve: (.unresolved, "\(place): the name cannot be resolved")
      case .refused: (.refused, "\(place) refuses connections")
      case .unreachable: (.unreachable, "\(place) is not reachable")
      case .timeout: (.timeout, "\(place) did not answer in time")
      case .tls: (.tls, "\(place): no TLS connection: \(error.message)")
      case .reset: (.reset, "\(place) closed the connection in the middle of an answer")
      case .tooLarge: (.tooLarge, "\(place) sent more than \(contract.maximumBody >> 20) MiB")
      case .notHTTP: (.notHTTP, "\(place) does not speak HTTP")
      case .badURL: (.other, "'\(baseURL)' is no usable URL")
      case .cancelled, .other: (.other, "\(place): \(error.message)")
      }
    return UpstreamFailure(reason: reason, message: words, mayHaveBeenSent: error.mayHaveBeenSent)
  }
}
