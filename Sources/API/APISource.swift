package import Daemon
package import Model
package import Store

/// Where the API's answers come from: the snapshot of the daemon, what it knows of objects, and the store.
package struct APISource: Sendable {
  package var snapshot: @Sendable () -> DaemonSnapshot
  /// Whether reconciliations begin when they are due.
  package var goesOn: @Sendable () -> Bool
  package var objects: ObjectBook
  package var stores: BudgetedStores
  package var now: @Sendable () -> Timestamp
  /// Has the next reconciliation begin.
  package var trigger: @Sendable () -> Void

  package init(
    snapshot: @escaping @Sendable () -> DaemonSnapshot, goesOn: @escaping @Sendable () -> Bool, objects: ObjectBook,
    stores: BudgetedStores, now: @escaping @Sendable () -> Timestamp, trigger: @escaping @Sendable () -> Void
  ) {
    self.trigger = trigger
    self.snapshot = snapshot
    self.goesOn = goesOn
    self.objects = objects
    self.stores = stores
    self.now = now
  }

  /// - Throws: `Problem`, before the first reconciliation.
  func entries() throws -> [ObjectBook.Entry] {
    guard let entries = objects.entries else {
      throw Problem(
        503, .apiNotReady, "no reconciliation has ended yet", hint: "GET /readyz says when one has",
        headers: [("Retry-After", "2")])
    }
    return entries
  }
}
