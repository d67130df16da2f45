import Dispatch

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A request to stop that running code checks at safe points.
package final class ShutdownSignal: Sendable {
  private struct State {
    var isRequested = false
    var defersExit = false
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter = 0
    var sources: [any DispatchSourceSignal] = []
  }
  private let state = Lock(State())

  package init() {}

  package var isRequested: Bool { state.withLock { $0.isRequested } }

  package func request() {
    let waiters = state.withLock { state in
      state.isRequested = true
      defer { state.waiters = [:] }
      return state.waiters
    }
    for waiter in waiters.values { waiter.resume() }
  }

  /// Returns when a stop is requested or the task is cancelled.
  package func wait() async {
    let number = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.isRequested || Task.isCancelled { return true }
          state.waiters[number] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }
  }

  /// Runs `body` and cancels it when a stop is requested.
  package func cancelling<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) async -> Result {
    let work = Task { await body() }
    let watch = Task {
      await wait()
      if isRequested { work.cancel() }
    }
    defer { watch.cancel() }
    return await work.value
  }

  /// From now on a signal only requests the stop, so that work in progress can finish.
  package func deferExit() { state.withLock { $0.defersExit = true } }

  /// Calls `body` with each SIGHUP, for as long as the process lives.
  package func onHangUp(_ body: @escaping @Sendable () -> Void) {
    signal(SIGHUP, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
    source.setEventHandler(handler: body)
    source.resume()
    state.withLock { $0.sources.append(source) }
  }

  /// Signals without a meaning here, which would end the process, do nothing from now on.
  package static func ignoreOthers() { for number in [SIGUSR1, SIGUSR2, SIGALRM] { signal(number, SIG_IGN) } }

  /// Ctrl-C and SIGTERM end the process at once with 130. After `deferExit` the first one requests the stop and the
  /// second one ends the process.
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
