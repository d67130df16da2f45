import Dispatch

/// A serial queue as the executor of an actor whose calls block: its threads are not those that Swift's tasks share.
package final class QueueExecutor: SerialExecutor {
  private let queue: DispatchQueue

  package init(_ label: String) { queue = DispatchQueue(label: label) }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}

/// Runs what blocks, such as reading many files, beside the threads that Swift's tasks share; so many calls at once.
package struct BlockingPool: Sendable {
  /// For files.
  package static let files = BlockingPool("files", width: 4)

  private let queue: DispatchQueue
  private let places: AsyncSemaphore

  package init(_ label: String, width: Int) {
    queue = DispatchQueue(label: label, attributes: .concurrent)
    places = AsyncSemaphore(width)
  }

  package func run<Value: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    await places.enter()
    let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: Result(catching: body)) }
    }
    places.leave()
    return try result.get()
  }
}
