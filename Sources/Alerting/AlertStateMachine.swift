package import Model

/// Decides which alerts fire and what is notified, from previous alerts and current conditions. A value: sends nothing.
///
/// An alert is notified once when it begins to fire, again when its cooldown is over and it still fires, and once more
/// when it is resolved; no resolution is notified for an alert that never was.
package struct AlertStateMachine: Hashable, Sendable {
  package private(set) var alerts: [String: Alert]

  package init(_ alerts: [Alert] = []) {
    self.alerts = Dictionary(alerts.map { ($0.key, $0) }) { _, last in last }
  }

  /// - Parameters:
  ///   - conditions: everything that is wrong now.
  ///   - isUnknown: whether it is not known now if an alert still fires: it stays as it is.
  package mutating func decide(
    _ conditions: [AlertCondition], silences: [Silence] = [], at now: Timestamp,
    isUnknown: (Alert) -> Bool = { _ in false }
  ) -> [AlertNotification] {
    var notices: [AlertNotification] = []
    for condition in conditions.sorted(by: { $0.key < $1.key }) {
      let old = alerts[condition.key]
      var alert = Alert(condition, since: old?.since ?? now)
      alert.notifiedAt = old?.notifiedAt
      alert.notifiedSeverity = old?.notifiedSeverity
      if Self.isNews(alert, at: now) && !Silence.cover(alert, silences, at: now) {
        alert.notifiedAt = now
        alert.notifiedSeverity = alert.severity
        notices.append(AlertNotification(.firing, alert, at: now))
      }
      alerts[alert.key] = alert
    }
    let firing = Set(conditions.map(\.key))
    for alert in alerts.values.sorted(by: { $0.key < $1.key }) where !firing.contains(alert.key) {
      if isUnknown(alert) { continue }
      guard !alert.isOneShot else {
        // It is kept for as long as it must not be notified again.
        if now.seconds - (alert.notifiedAt ?? alert.since).seconds >= alert.cooldown { alerts[alert.key] = nil }
        continue
      }
      alerts[alert.key] = nil
      // If its start was notified, so is its end, silenced or not: else it stays open in systems that track alerts.
      if alert.notifiedAt != nil { notices.append(AlertNotification(.resolved, alert, at: now)) }
    }
    return notices
  }

  /// Never notified before, more severe now, or still firing after its cooldown.
  private static func isNews(_ alert: Alert, at now: Timestamp) -> Bool {
    guard let notified = alert.notifiedAt else { return true }
    if let before = alert.notifiedSeverity, before < alert.severity { return true }
    return now.seconds - notified.seconds >= alert.cooldown
  }
}
