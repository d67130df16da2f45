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
  private let unstored: UnstoredOutbox
  private var machine = AlertStateMachine()
  /// Whether the alerts of before the start are known.
  private var isRead = false
  private var saved: [Alert] = []
  private var silences: [Silence] = []
  private let turn = AsyncSemaphore(1)

  package struct Evaluation: Sendable {
    /// The new notifications.
    package var notifications: [AlertNotification]
    /// Why the store could not take them; they are delivered from memory, and stored once it works again.
    package var problem: (any Error)?
  }

  package init(
    rules: [AlertRule: AlertRuleSettings], receivers: [ReceiverConfiguration], stores: any StoreProvider,
    unstored: UnstoredOutbox = UnstoredOutbox()
  ) {
    self.rules = rules
    self.receivers = receivers
    self.stores = stores
    self.unstored = unstored
  }

  /// Alerts that fire, by key.
  package var alerts: [Alert] { remembered.filter(\.isFiring) }

  /// Also those that ended a short time ago.
  private var remembered: [Alert] { machine.alerts.values.sorted { $0.key < $1.key } }

  package func evaluate(_ input: AlertInput, at now: Timestamp) async -> Evaluation {
    await turn.enter()
    defer { turn.leave() }
    var problem = await read(at: now)
    let conditions = input.conditions(rules, firing: Set(alerts.map(\.key)), at: now)
    let notifications = machine.decide(conditions, silences: silences, at: now, isUnknown: input.isUnknown)
    let deliveries = notifications.flatMap { notification in
      receivers.filter { $0.wants(notification) }.map { (receiver: $0.name, notification: notification) }
    }
    problem = await save(deliveries, now) ?? problem
    return Evaluation(notifications: notifications, problem: problem)
  }

  /// Reads what a start or another command changed; nil: it could be read.
  private func read(at now: Timestamp) async -> (any Error)? {
    do {
      let store = try stores.stores().alerts
      silences = try await store.silences(at: now)
      if !isRead {
        saved = try await store.alerts()
        machine.adopt(saved)
        isRead = true
      }
      return nil
    } catch {
      return error
    }
  }

  private func save(
    _ deliveries: [(receiver: String, notification: AlertNotification)], _ now: Timestamp
  ) async -> (any Error)? {
    let alerts = remembered
    let kept = await unstored.drain()
    let waiting =
      kept.compactMap { entry in entry.notification.map { (receiver: entry.receiver, notification: $0) } }
      + deliveries
    do {
      guard isRead else { throw StoreError(.storeUnreadable, "the alerts of before the start could not be read") }
      guard alerts != saved || !waiting.isEmpty else { return nil }
      try await stores.stores().alerts.save(alerts, notify: waiting, at: now)
      saved = alerts
      return nil
    } catch {
      await unstored.putBack(kept)
      await unstored.put(deliveries, at: now)
      return error
    }
  }
}
