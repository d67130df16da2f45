import Dispatch

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A wish to stop that other code asks for at safe points.
package final class StopSignal: Sendable {
  private struct State {
    var isRequested = false
    var defersExit = false
    var waiters: [CheckedContinuation<Void, Never>] = []
    var sources: [any DispatchSourceSignal] = []
  }
  private let state = Lock(State())

  package init() {}

  package var isRequested: Bool { state.withLock { $0.isRequested } }

  package func request() {
    let waiters = state.withLock { state in
      state.isRequested = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns when a stop was requested.
  package func wait() async {
    await withCheckedContinuation { continuation in
      let already = state.withLock { state in
        if !state.isRequested { state.waiters.append(continuation) }
        return state.isRequested
      }
      if already { continuation.resume() }
    }
  }

  /// From now on a signal only requests the stop, so that what was begun can be finished.
  package func deferExit() { state.withLock { $0.defersExit = true } }

  /// Calls `body` with each SIGHUP, for as long as the process lives.
  package func onHangUp(_ body: @escaping @Sendable () -> Void) {
    signal(SIGHUP, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
    source.setEventHandler(handler: body)
    source.resume()
    state.withLock { $0.sources.append(source) }
  }

  /// Ctrl-C and SIGTERM end the process with 130 at once, or, after `deferExit`, request the stop; a second one then
  /// ends the process all the same.
  package func listenToSignals() {
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { @Sendable [self] in
        if isRequested || !state.withLock({ $0.defersExit }) { Terminal.exit(130) }
        request()
      }
      source.resume()
      state.withLock { $0.sources.append(source) }
    }
  }
}
