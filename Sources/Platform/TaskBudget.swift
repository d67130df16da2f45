extension Task where Failure == Never {
  /// The result; nil: there was none within so many seconds, or the caller was cancelled. The task goes on.
  package func value(within seconds: Double) async -> Success? {
    let race = Race<Success?>()
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        race.begin(continuation)
        let limit = _Concurrency.Task<Void, Never> {
          await Pause.wait(seconds)
          race.end(nil)
        }
        _ = _Concurrency.Task<Void, Never> {
          race.end(await value)
          limit.cancel()
        }
      }
    } onCancel: {
      race.end(nil)
    }
  }
}

/// Takes the first of several answers.
private final class Race<Value: Sendable>: Sendable {
  private enum State {
    case waiting
    case begun(CheckedContinuation<Value, Never>)
    case ended(Value)
  }
  private let state = Lock(State.waiting)

  func begin(_ continuation: CheckedContinuation<Value, Never>) {
    let early: Value? = state.withLock { state in
      if case .ended(let value) = state { return value }
      state = .begun(continuation)
      return nil
    }
    if let early { continuation.resume(returning: early) }
  }

  func end(_ value: Value) {
    let continuation: CheckedContinuation<Value, Never>? = state.withLock { state in
      defer { state = .ended(value) }
      if case .begun(let continuation) = state { return continuation }
      return nil
    }
    continuation?.resume(returning: value)
  }
}
