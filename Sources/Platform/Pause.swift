import Dispatch

/// A wait that leaves nothing behind when it is cancelled: a cancelled `Task.sleep` stays on the heap until its deadline.
package enum Pause {
  private static let queue = DispatchQueue(label: "pauses")

  /// Returns after so many seconds, or when the task is cancelled.
  package static func wait(_ seconds: Double) async {
    guard seconds > 0 else { return }
    let timer = DispatchSource.makeTimerSource(queue: queue)
    // Dispatch sources may be cancelled from any thread.
    nonisolated(unsafe) let cancellable = timer
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        timer.setEventHandler { cancellable.cancel() }
        timer.setCancelHandler {
          // The handlers refer to the timer.
          cancellable.setEventHandler(handler: nil)
          continuation.resume()
        }
        timer.schedule(deadline: .now() + min(seconds, 1e9))
        timer.activate()
      }
    } onCancel: {
      cancellable.cancel()
    }
  }
}
