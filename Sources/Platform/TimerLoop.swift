/// Calls a step when it is due or woken, one call at a time, until a stop is requested.
package final class TimerLoop: Sendable {
  private let clock: any MonotonicClock
  /// Each element: look again. One that waits is as good as many.
  private let wakes = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

  package init(clock: any MonotonicClock) { self.clock = clock }

  /// From anywhere, at any time.
  package func wake() { wakes.continuation.yield() }

  /// - Parameter step: does what is due, and says when to come again, in seconds of the clock; nil: when woken.
  package func run(
    isolation: isolated (any Actor)? = #isolation, stop: ShutdownSignal, _ step: () async -> Double?
  ) async {
    var alarm: Task<Void, Never>?
    let wake = wakes.continuation
    let stopping = Task {
      await stop.wait()
      wake.yield()
    }
    defer {
      alarm?.cancel()
      stopping.cancel()
    }
    wake.yield()
    for await _ in wakes.stream {
      if stop.isRequested { return }
      let due = await step()
      alarm?.cancel()
      alarm = due.map { due in
        Task { [clock] in
          await clock.wait(until: due)
          if !Task.isCancelled { wake.yield() }
        }
      }
    }
  }
}
