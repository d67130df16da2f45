import Model
package import Probe
import Reconciler
package import Store

/// Tells the checks which destinations the HTTP API gave, before the first of them and after each reconciliation.
package struct DestinationWatch: DaemonSubscriber {
  private let policy: DestinationPolicy
  private let stores: BudgetedStores

  package init(_ policy: DestinationPolicy, _ stores: BudgetedStores) {
    self.policy = policy
    self.stores = stores
  }

  /// Only the newest state counts.
  package var backlog: Int { 1 }

  package func receive(_ update: DaemonUpdate) async {
    guard let desired = update.report?.desired else { return }
    await take(desired)
  }

  /// What the store remembers from before the start. Nothing is listed yet: what is bound is bound as tightly as can be.
  func begin() async { await take(DesiredState()) }

  private func take(_ desired: DesiredState) async {
    // Without an answer, what was known holds.
    guard let given = try? await stores.ask({ try await $0.destinations.givenDestinations() }) else { return }
    policy.update(desired, given: given)
  }
}
