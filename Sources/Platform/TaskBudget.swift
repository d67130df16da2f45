extension Task where Failure == Never {
  /// The result; nil: there was none within so many seconds, or the caller was cancelled. The task goes on.
  package func value(within seconds: Double, of clock: any MonotonicClock = SystemMonotonicClock()) async -> Success? {
    let first = Promise<Success?>()
    let limit = _Concurrency.Task<Void, Never> {
      await clock.wait(until: clock.now + seconds)
      first.keep(nil)
    }
    _ = _Concurrency.Task<Void, Never> {
      first.keep(await value)
      limit.cancel()
    }
    return await withTaskCancellationHandler {
      await first.value
    } onCancel: {
      first.keep(nil)
    }
  }
}
