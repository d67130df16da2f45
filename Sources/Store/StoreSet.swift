package import Model

/// The stores of one instance: one for each concern, so that each can be kept elsewhere. Every method of a store is
/// atomic and fails with `StoreError`.
package struct StoreSet: Sendable {
  package var binding: any BindingStore
  package var ledger: any LedgerStore
  package var runs: any RunStore
  package var events: any EventStore
  package var suspensions: any SuspensionStore
  package var requests: any CertificateRequestStore
  package var lease: any LeaseStore
  package var health: any HealthStore
  package var alerts: any AlertStore
  package var tokens: any TokenStore
  package var workflows: any WorkflowStore
  package var destinations: any DestinationStore

  /// A store that implements all concerns.
  package typealias Everything = BindingStore & LedgerStore & RunStore & EventStore & SuspensionStore
    & CertificateRequestStore & LeaseStore & HealthStore & AlertStore & TokenStore
    & WorkflowStore & DestinationStore

  package init(_ store: any Everything) {
    binding = store
    ledger = store
    runs = store
    events = store
    suspensions = store
    requests = store
    lease = store
    health = store
    alerts = store
    tokens = store
    workflows = store
    destinations = store
  }
}

/// Opens stores, and keeps them open.
package protocol StoreProvider: Sendable {
  /// The stores of an instance; opened on first use, and reopened after a failure.
  ///
  /// - Throws: `StoreError`.
  func stores(of instance: InstanceID) async throws -> StoreSet
}

extension StoreProvider {
  /// The stores of the one instance that the settings describe.
  package func stores() async throws -> StoreSet { try await stores(of: .default) }
}

/// Always returns the same stores.
package struct FixedStoreProvider: StoreProvider {
  private let set: StoreSet

  package init(_ set: StoreSet) { self.set = set }

  package func stores(of instance: InstanceID) -> StoreSet { set }
}
