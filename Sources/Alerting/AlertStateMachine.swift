package import Model

/// Decides which alerts fire and what is notified, from previous alerts and current conditions. A value: sends nothing.
///
/// An alert is notified once when it begins to fire, again when its cooldown is over and it still fires, and once more
/// when it is resolved; no resolution is notified for an alert that never was. One that fires again before its cooldown
/// is over, for the same hosts, is not news.
package struct AlertStateMachine: Hashable, Sendable {
  package private(set) var alerts: [String: Alert]

  package init(_ alerts: [Alert] = []) {
    self.alerts = Dictionary(alerts.map { ($0.key, $0) }) { _, last in last }
  }

  /// Takes over what was stored before the start; what was found since is newer.
  package mutating func adopt(_ stored: [Alert]) {
    for old in stored {
      guard var alert = alerts[old.key] else {
        alerts[old.key] = old
        continue
      }
      if old.isFiring { alert.since = min(alert.since, old.since) }
      alerts[old.key] = alert
    }
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
      var alert = alert(condition, at: now)
      if isNews(alert, at: now) && !Silence.cover(alert, silences, at: now) {
        alert.notifiedAt = now
        alert.notifiedSeverity = alert.severity
        alert.isReportedResolved = nil
        notices.append(AlertNotification(.firing, alert, at: now))
      }
      alerts[alert.key] = alert
    }
    let firing = Set(conditions.map(\.key))
    for alert in alerts.values.sorted(by: { $0.key < $1.key }) where !firing.contains(alert.key) {
      if let notice = end(alert, at: now, isUnknown: isUnknown) { notices.append(notice) }
    }
    return notices
  }

  /// With what is known of it from before.
  private func alert(_ condition: AlertCondition, at now: Timestamp) -> Alert {
    guard let old = alerts[condition.key] else { return Alert(condition, since: now) }
    var alert = Alert(condition, since: old.isFiring ? min(old.since, now) : now)
    // A clock that was set back must not make it wait for the time that was shown before.
    alert.notifiedAt = old.notifiedAt.map { min($0, now) }
    alert.notifiedSeverity = old.notifiedSeverity
    alert.isReportedResolved = old.isReportedResolved
    return alert
  }

  /// - Returns: the notification of the end of an alert; nil: none.
  private mutating func end(_ alert: Alert, at now: Timestamp, isUnknown: (Alert) -> Bool) -> AlertNotification? {
    let lastNews = min(alert.notifiedAt ?? alert.since, now)
    let isForgotten = now.seconds - lastNews.seconds >= alert.cooldown
    if !alert.isFiring || (alert.isOneShot && !isUnknown(alert)) {
      // It is kept for as long as it must not be notified again.
      if isForgotten { alerts[alert.key] = nil }
      return nil
    }
    if isUnknown(alert) { return nil }
    var ended = alert
    ended.endedAt = now
    // If its start was notified, so is its end, silenced or not: else it stays open in systems that track alerts.
    let isNews = alert.notifiedAt != nil && alert.isReportedResolved != true
    ended.isReportedResolved = true
    alerts[alert.key] = alert.notifiedAt == nil || isForgotten ? nil : ended
    return isNews ? AlertNotification(.resolved, alert, at: now) : nil
  }

  /// Never notified before, more severe now, about other hosts than the last time, or firing after its cooldown.
  private func isNews(_ alert: Alert, at now: Timestamp) -> Bool {
    guard let notified = alert.notifiedAt else { return true }
    if let before = alert.notifiedSeverity, before < alert.severity { return true }
    if let old = alerts[alert.key], !old.isFiring, !Set(alert.members).isSubset(of: old.members) { return true }
    return now.seconds - notified.seconds >= alert.cooldown
  }
}
