package import Daemon
package import Metrics
package import Model
package import Probe
package import Store

/// Where the API's answers come from: the snapshot of the daemon, what it knows of objects, and the store.
package struct APISource: Sendable {
  package var snapshot: @Sendable () -> DaemonSnapshot
  /// nil: it is not known yet what to check. Not the snapshot's: that is as old as the last change.
  package var health: @Sendable () async -> HealthSnapshot?
  /// Whether reconciliations begin when they are due.
  package var goesOn: @Sendable () -> Bool
  package var objects: ObjectBook
  /// Seconds between reconciliations.
  package var interval: Double
  package var stores: BudgetedStores
  package var now: @Sendable () -> Timestamp
  /// Checks destinations, for whoever asks.
  package var check: HealthDesk.Check
  /// Has the next reconciliation begin.
  package var trigger: @Sendable () -> Void
  /// What the daemon does when it is told to.
  package var orders: any DaemonOrders
  /// Where destinations that requests give may lead.
  package var policy: DestinationPolicy
  /// What the parts of the daemon count.
  package var meters: MeterRegistry

  package init(
    snapshot: @escaping @Sendable () -> DaemonSnapshot, health: @escaping @Sendable () async -> HealthSnapshot?,
    goesOn: @escaping @Sendable () -> Bool, objects: ObjectBook, interval: Double,
    stores: BudgetedStores, now: @escaping @Sendable () -> Timestamp, check: @escaping HealthDesk.Check,
    trigger: @escaping @Sendable () -> Void, orders: any DaemonOrders, policy: DestinationPolicy,
    meters: MeterRegistry
  ) {
    self.meters = meters
    self.policy = policy
    self.orders = orders
    self.check = check
    self.trigger = trigger
    self.snapshot = snapshot
    self.health = health
    self.goesOn = goesOn
    self.objects = objects
    self.interval = interval
    self.stores = stores
    self.now = now
  }

  /// Since when NPM could not be read, or the plan not be made; nil: what is known of objects is as the last reconciliation
  /// found them.
  var isOutOfDate: Bool { if case .failed? = snapshot().lastReconciliation?.outcome { true } else { false } }

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
