package import Publishing
package import Alerting
import Model
package import Platform
package import Store

/// Decides which alerts fire and puts what is to be told into the store; what carries it to the sinks is
/// `OutboxWorker`.
package actor AlertEvaluator {
  private let rules: [AlertRule: AlertRuleSettings]
  private let sinks: [ReceiverConfiguration]
  private let store: @Sendable () throws -> any AlertStore
  private var decider: AlertStateMachine?
  private var saved: [String: String] = [:]
  /// What could not be saved yet.
  private var unsaved: [AlertNotification] = []
  /// The look that was asked for last.
  private var last: Task<[AlertNotification], Never>?

  package init(
    rules: [AlertRule: AlertRuleSettings], sinks: [ReceiverConfiguration],
    store: @escaping @Sendable () throws -> any AlertStore
  ) {
    self.rules = rules
    self.sinks = sinks
    self.store = store
  }

  /// Looks at everything that is known; returns what is news. What the store cannot take now it takes the next time.
  /// Looks follow each other, also where several want one at once.
  package func look(_ facts: AlertInput, at now: Timestamp) async -> [AlertNotification] {
    let before = last
    let look = Task {
      _ = await before?.value
      return await lookNow(facts, now)
    }
    last = look
    return await look.value
  }

  private func lookNow(_ facts: AlertInput, _ now: Timestamp) async -> [AlertNotification] {
    guard let store = try? store() else { return [] }
    if decider == nil { await load(store) }
    let silences = ((try? await store.silences(at: now)) ?? []).map {
      Silence(match: $0.match, until: $0.until, reason: $0.reason)
    }
    guard var decider else { return [] }
    let conditions = facts.conditions(rules, firing: Set(decider.alerts.keys), at: now)
    let notices = decider.decide(conditions, silences: silences, at: now, isUnknown: facts.isUnknown)
    self.decider = decider
    unsaved += notices
    await save(store, now)
    return notices
  }

  private func load(_ store: any AlertStore) async {
    guard let texts = try? await store.alerts() else { return }
    saved = texts
    decider = AlertStateMachine(texts.values.compactMap { StoredText.decoded($0) })
  }

  private func save(_ store: any AlertStore, _ now: Timestamp) async {
    let texts = (decider?.alerts ?? [:]).mapValues(StoredText.encoded)
    guard texts != saved || !unsaved.isEmpty else { return }
    let rows = unsaved.flatMap { notice in
      sinks.filter { $0.wants(notice) }.map { (sink: $0.name, notice: StoredText.encoded(notice)) }
    }
    guard (try? await store.saveAlerts(texts, notices: rows, at: now)) != nil else { return }
    saved = texts
    unsaved = []
  }
}
