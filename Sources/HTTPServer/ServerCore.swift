import Platform

/// State that the callbacks share: the handler, connections, streams, and the number of requests in progress.
final class ServerCore: Sendable {
  private struct State {
    var inFlight = 0
    var isStopping = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }
  let handler: any HTTPHandler
  let limits: HTTPServerLimits
  let connections: Connections
  let streams = StreamTable()
  private let state = Lock(State())

  init(handler: any HTTPHandler, limits: HTTPServerLimits) {
    self.handler = handler
    self.limits = limits
    connections = Connections(limits)
  }

  /// Registers a request that suspends its connection; false: the server is stopping, do not start it.
  func begin() -> Bool {
    state.withLock { state in
      if !state.isStopping { state.inFlight += 1 }
      return !state.isStopping
    }
  }

  func ended() {
    let waiters = state.withLock { state in
      state.inFlight -= 1
      guard state.inFlight == 0 else { return [CheckedContinuation<Void, Never>]() }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Whether this is the first call of `stop`.
  func isFirstStop() -> Bool {
    state.withLock { state in
      defer { state.isStopping = true }
      return !state.isStopping
    }
  }

  /// Returns when no request is in progress.
  func drain() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        if state.inFlight > 0 { state.waiters.append(continuation) }
        return state.inFlight == 0
      }
      if isIdle { continuation.resume() }
    }
  }
}
