package import Alerting
package import Model
import Platform
package import Publishing
package import Store

/// Decides which alerts fire, and puts notifications into the outbox; `OutboxWorker` delivers them.
/// Evaluations are sequential; what the store cannot take now is kept for the next one.
package actor AlertEvaluator {
  private let rules: [AlertRule: AlertRuleSettings]
  private let receivers: [ReceiverConfiguration]
  private let stores: any StoreProvider
  /// nil: the store could not be read yet.
  private var machine: AlertStateMachine?
  private var saved: [Alert] = []
  private var unsaved: [AlertNotification] = []
  private let turn = AsyncSemaphore(1)

  package init(
    rules: [AlertRule: AlertRuleSettings], receivers: [ReceiverConfiguration], stores: any StoreProvider
  ) {
    self.rules = rules
    self.receivers = receivers
    self.stores = stores
  }

  /// Alerts that fire, by key.
  package var alerts: [Alert] { remembered.filter(\.isFiring) }

  /// Also those that ended a short time ago.
  private var remembered: [Alert] { (machine?.alerts.values).map { $0.sorted { $0.key < $1.key } } ?? [] }

  /// - Returns: the new notifications.
  /// - Throws: `StoreError`; what could not be stored is stored with the next call.
  package func evaluate(_ input: AlertInput, at now: Timestamp) async throws -> [AlertNotification] {
    await turn.enter()
    defer { turn.leave() }
    let store = try stores.stores().alerts
    if machine == nil {
      saved = try await store.alerts()
      machine = AlertStateMachine(saved)
    }
    let silences = try await store.silences(at: now)
    let conditions = input.conditions(rules, firing: Set(alerts.map(\.key)), at: now)
    let notifications = machine?.decide(conditions, silences: silences, at: now, isUnknown: input.isUnknown) ?? []
    unsaved += notifications
    try await save(store, now)
    return notifications
  }

  private func save(_ store: any AlertStore, _ now: Timestamp) async throws {
    let alerts = remembered
    guard alerts != saved || !unsaved.isEmpty else { return }
    let deliveries = unsaved.flatMap { notification in
      receivers.filter { $0.wants(notification) }.map { (receiver: $0.name, notification: notification) }
    }
    try await store.save(alerts, notify: deliveries, at: now)
    saved = alerts
    unsaved = []
  }
}
