import Dispatch

/// Runs what blocks, such as reading many files, in threads of its own, so many calls at once. Not in threads of Dispatch:
/// while those block, the tasks of Swift get none.
package final class BlockingPool: Sendable {
  /// For files.
  package static let files = BlockingPool(width: 4)

  private struct State {
    var jobs: [@Sendable () -> Void] = []
    var threads = 0
    var idle = 0
  }

  private let width: Int
  private let state = Lock(State())
  /// Counts the jobs that wait.
  private let waiting = DispatchSemaphore(value: 0)
  /// Seconds after which a thread without work ends.
  private static let patience = 10.0

  package init(width: Int) { self.width = width }

  package func run<Value: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
      add { continuation.resume(returning: Result(catching: body)) }
    }
    return try result.get()
  }

  private func add(_ job: @escaping @Sendable () -> Void) {
    let needsThread = state.withLock { state in
      state.jobs.append(job)
      guard state.idle < state.jobs.count, state.threads < width else { return false }
      state.threads += 1
      return true
    }
    waiting.signal()
    if needsThread { startThread { [self] in work() } }
  }

  private func work() {
    while let job = next() { job() }
  }

  /// - Returns: nil: there was nothing to do for a while.
  private func next() -> (@Sendable () -> Void)? {
    state.withLock { $0.idle += 1 }
    while true {
      let isTimeOut = waiting.wait(timeout: .now() + Self.patience) == .timedOut
      let (job, isOver): ((@Sendable () -> Void)?, Bool) = state.withLock { state in
        // A job may come at the moment of the time-out; its signal is then one too many.
        guard !state.jobs.isEmpty || isTimeOut else { return (nil, false) }
        state.idle -= 1
        if !state.jobs.isEmpty { return (state.jobs.removeFirst(), true) }
        state.threads -= 1
        return (nil, true)
      }
      if isOver { return job }
    }
  }
}
