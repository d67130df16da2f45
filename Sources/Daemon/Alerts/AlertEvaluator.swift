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
  private let stores: BudgetedStores
  private let unstored: UnstoredOutbox
  private var machine = AlertStateMachine()
  /// Whether the alerts of before the start are known.
  private var isRead = false
  private var saved: [Alert] = []
  /// What the store was given and has not answered yet. Nothing else is saved until then: it may have had its effect.
  private var saving: BudgetedStores.Call<Void>?
  private var silences: [Silence] = []
  private let turn = AsyncSemaphore(1)

  package struct Evaluation: Sendable {
    /// The new notifications.
    package var notifications: [AlertNotification]
    /// Why the store could not take them; they are delivered from memory, and stored once it works again.
    package var problem: (any Error)?
  }

  package init(
    rules: [AlertRule: AlertRuleSettings], receivers: [ReceiverConfiguration], stores: BudgetedStores,
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
    await unstored.put(deliveries, at: now)
    problem = await save(at: now) ?? problem
    return Evaluation(notifications: notifications, problem: problem)
  }

  /// Reads what a start or another command changed; nil: it could be read.
  private func read(at now: Timestamp) async -> (any Error)? {
    do {
      silences = try await stores.ask { try await $0.alerts.silences(at: now) }
      if !isRead {
        saved = try await stores.ask { try await $0.alerts.alerts() }
        machine.adopt(saved)
        isRead = true
      }
      return nil
    } catch {
      return error
    }
  }

  /// Saves what changed, and the notifications that wait; nil: it is done.
  private func save(at now: Timestamp) async -> (any Error)? {
    // Until the alerts of before the start are known, there is nothing to put in their place.
    guard isRead else { return nil }
    guard saving == nil else { return StoreError.timeout }
    let alerts = remembered
    let waiting = await unstored.offer()
    guard alerts != saved || !waiting.isEmpty else { return nil }
    let call = BudgetedStores.Call<Void> { await store(alerts, waiting, now) }
    saving = call
    do {
      try await stores.answer(of: call)
      return nil
    } catch {
      await unstored.deliverOffered()
      return error
    }
  }

  private func store(_ alerts: [Alert], _ waiting: [OutboxEntry], _ now: Timestamp) async -> Result<Void, any Error> {
    defer { saving = nil }
    let deliveries = waiting.compactMap { entry in
      entry.notification.map { (receiver: entry.receiver, notification: $0) }
    }
    let call = stores.begin { try await $0.alerts.save(alerts, notify: deliveries, at: now) }
    do {
      await unstored.accept(try await call.value.get())
      saved = alerts
      return .success(())
    } catch {
      await unstored.keepOffered()
      return .failure(error)
    }
  }
}
