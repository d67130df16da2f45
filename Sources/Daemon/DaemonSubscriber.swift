package import Model
import Platform
import Probe

/// What happened in the daemon, and its state since.
package struct DaemonUpdate: Sendable {
  package enum Cause: Sendable {
    case reconciled(ReconcileReport)
    case healthChanged([HealthTransition])
    /// Nothing was reported for an interval. A time: no reconciliation has ended since then, for two intervals.
    case aged(stuckSince: Timestamp?)
  }

  package var cause: Cause
  package var snapshot: DaemonSnapshot
  /// nil: it is unchanged.
  package var newHeadline: Headline?

  package var report: ReconcileReport? { if case .reconciled(let report) = cause { report } else { nil } }
}

/// Gets every update, one after the other, in a task of its own: a slow subscriber delays no other.
/// `DaemonService.subscribers` lists them.
package protocol DaemonSubscriber: Sendable {
  func receive(_ update: DaemonUpdate) async
  /// Updates that wait while it is busy; the oldest beyond are dropped. One where only the newest counts.
  var backlog: Int { get }
}

extension DaemonSubscriber {
  package var backlog: Int { 100 }
}

/// The task of a subscriber, and its queued updates.
struct Subscription: Sendable {
  private let updates: (stream: AsyncStream<DaemonUpdate>, continuation: AsyncStream<DaemonUpdate>.Continuation)
  private let subscriber: any DaemonSubscriber

  init(_ subscriber: any DaemonSubscriber) {
    self.subscriber = subscriber
    updates = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(subscriber.backlog))
  }

  func send(_ update: DaemonUpdate) { updates.continuation.yield(update) }
  func finish() { updates.continuation.finish() }

  /// Returns when everything that was sent before `finish` was received.
  func run() async {
    var updates = updates.stream.makeAsyncIterator()
    // The states behind a plan are freed with the last subscriber's update.
    while let isPass = await deliver(&updates) {
      if isPass { CurrentProcess.trimHeap() }
    }
  }

  /// - Returns: whether it was a reconciliation, once its states are not held here any more; nil: there are no more.
  private func deliver(_ updates: inout AsyncStream<DaemonUpdate>.Iterator) async -> Bool? {
    guard let update = await updates.next() else { return nil }
    await subscriber.receive(update)
    return update.report != nil
  }
}
