package import Curl
import Model
import Platform

/// Sends one transfer. In production it is libcurl's engine; tests use their own.
package protocol HTTPTransport: Sendable {
  func perform(_ transfer: HTTPTransfer) async throws -> TransferResult
  /// Sends one request on a connection of its own that then stays open; nil: not possible.
  func openIdle(_ transfer: HTTPTransfer) async -> IdleConnection?
}

extension HTTPTransport {
  package func openIdle(_ transfer: HTTPTransfer) async -> IdleConnection? { nil }
}

extension CurlEngine: HTTPTransport {
  package func openIdle(_ transfer: HTTPTransfer) async -> IdleConnection? { await IdleConnection.open(transfer) }
}

/// An idle connection after one response.
package struct UpstreamConnection: Sendable {
  /// Headers of the response, names in lower case.
  package var headers: [String: String]
  /// Waits up to the given seconds for the peer to close it; returns whether it did.
  package var ends: @Sendable (Double) async -> Bool
}

/// Calls one upstream under its configuration.
package struct UpstreamClient: Sendable {
  /// The client's dependencies on its environment; tests replace them.
  package struct Dependencies: Sendable {
    /// Waits for the given seconds.
    package var pause: @Sendable (Double) async throws -> Void = { try await Task.sleep(for: .seconds($0)) }
    /// Seconds of a monotonic clock.
    package var now: @Sendable () -> Double = {
      let start = ContinuousClock.now
      return { (ContinuousClock.now - start) / .seconds(1) }
    }()
    /// A random number in 0...1.
    package var random: @Sendable () -> Double = { Double.random(in: 0...1) }
    /// Called once for each call.
    package var observe: @Sendable (UpstreamObservation) -> Void = { _ in }

    package init() {}
  }

  private struct State {
    var breaker: CircuitBreaker
    var budget: RetryBudget
    var calls = 0
    var inFlight = 0
    /// A short description of the last failure.
    var lastFailure = ""
  }

  package let baseURL: String
  private let configuration: UpstreamConfiguration
  private let transport: any HTTPTransport
  private let correlation: String
  private let dependencies: Dependencies
  private let state: Lock<State>

  /// - Parameter correlation: the prefix of the ID that each call carries in `X-Request-ID`.
  package init(
    baseURL: String, configuration: UpstreamConfiguration, transport: any HTTPTransport,
    correlation: String = CorrelationID.random(), dependencies: Dependencies = Dependencies()
  ) {
    self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
    self.configuration = configuration
    self.transport = transport
    self.correlation = correlation
    self.dependencies = dependencies
    state = Lock(State(breaker: CircuitBreaker(configuration.breaker), budget: RetryBudget(configuration.retry)))
  }

  /// Sends a request and retries it if that is safe and may help.
  ///
  /// - Throws: `UpstreamFailure`.
  package func send(_ request: UpstreamRequest) async throws(UpstreamFailure) -> UpstreamResponse {
    let number = state.withLock { state in
      state.calls += 1
      state.inFlight += 1
      return state.calls
    }
    defer { state.withLock { $0.inFlight -= 1 } }
    var call = UpstreamCall(request, url: baseURL + request.path, id: "\(correlation)-\(number)", configuration)
    defer { dependencies.observe(call.observation) }
    while true {
      call.attempts += 1
      switch await attempt(&call) {
      case .answer(let response): return response
      case .failure(let failure): throw failure
      case .again(let seconds):
        do { try await dependencies.pause(seconds) } catch { throw call.failure(.other, "was given up", sent: true) }
      }
    }
  }

  /// Calls that have no answer yet.
  package var inFlight: Int { state.withLock { $0.inFlight } }

  /// Whether calls are refused, because those before failed.
  package var isRefusing: Bool { state.withLock { !$0.breaker.isClosed } }

  /// Opens a connection with one request and keeps it idle; nil: not possible now.
  package func openIdle(_ request: UpstreamRequest) async -> UpstreamConnection? {
    let number = state.withLock { state in
      state.calls += 1
      return state.calls
    }
    let call = UpstreamCall(request, url: baseURL + request.path, id: "\(correlation)-\(number)", configuration)
    guard let connection = await transport.openIdle(call.transfer) else { return nil }
    return UpstreamConnection(headers: connection.answer.headers) { await connection.ends(within: $0) }
  }

  private enum Step {
    case answer(UpstreamResponse)
    case failure(UpstreamFailure)
    case again(seconds: Double)
  }

  private func attempt(_ call: inout UpstreamCall) async -> Step {
    let (admission, last) = state.withLock { ($0.breaker.admit(at: dependencies.now()), $0.lastFailure) }
    if case .refused(let seconds) = admission { return .failure(call.breakerOpen(seconds, last)) }
    do {
      let result = try await transport.perform(call.transfer)
      call.note(result)
      state.withLock { state in
        if call.isGatewayError(result.status) {
          state.breaker.failed(at: dependencies.now())
          state.lastFailure = "HTTP \(result.status)"
        } else {
          state.breaker.succeeded()
          if result.status != 429 { state.budget.succeeded() }
        }
      }
      if call.isRedirect(result) { return follow(result, &call) }
      if let seconds = pause(call.judge(result)) { return .again(seconds: seconds) }
      return result.status == 429 ? .failure(call.rateLimited(result)) : .answer(call.response(result))
    } catch let error as TransferError {
      call.note(error)
      state.withLock { state in
        state.breaker.failed(at: dependencies.now())
        state.lastFailure = "\(error.reason)"
      }
      if let seconds = pause(call.judge(error)) { return .again(seconds: seconds) }
      return .failure(call.failure(error))
    } catch {
      return .failure(call.failure(.other, "\(error)", sent: true))
    }
  }

  /// Seconds until the next attempt; nil: no retry is due, or the budget is used up.
  private func pause(_ attempt: RetryPolicy.Attempt) -> Double? {
    guard let seconds = configuration.retry.pause(after: attempt, share: dependencies.random()) else { return nil }
    return state.withLock { $0.budget.take() } ? seconds : nil
  }

  private func follow(_ result: TransferResult, _ call: inout UpstreamCall) -> Step {
    if let failure = call.redirect(to: result.headers["location"] ?? "", from: baseURL) { return .failure(failure) }
    return .again(seconds: 0)
  }
}
