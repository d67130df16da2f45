import Model
import Platform

/// Requests a reconciliation when a destination that a change waits for is healthy again.
package struct RecoveryTrigger: DaemonSubscriber {
  private let trigger: @Sendable (Trigger) -> Void

  package init(_ trigger: @escaping @Sendable (Trigger) -> Void) { self.trigger = trigger }

  package func receive(_ update: DaemonUpdate) {
    guard case .healthChanged(let transitions) = update.cause else { return }
    let waiting = update.snapshot.lastReconciliation?.waitingForDestination ?? []
    if transitions.contains(where: { $0.after == .healthy && waiting.contains($0.key.name) }) { trigger(.health) }
  }
}
