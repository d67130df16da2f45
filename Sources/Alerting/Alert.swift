package import Model
package import Model

/// How bad it is.
package enum AlertSeverity: String, CaseIterable, Codable, Comparable, Sendable {
  case info, warning, critical

  package static func < (left: AlertSeverity, right: AlertSeverity) -> Bool { left.rank < right.rank }
  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What a rule finds wrong at one point in time.
package struct AlertCondition: Hashable, Sendable {
  package var instance: InstanceID
  package var rule: AlertRule
  package var severity: AlertSeverity
  /// What it is about; conditions of one rule with one subject are one alert.
  package var subject: String
  package var summary: String
  /// Affected hosts.
  package var members: [String]
  /// Seconds before the same alert is notified again.
  package var cooldown: Double
  /// A one-time event, already over: nothing will resolve it.
  package var isOneShot = false

  package init(
    _ rule: AlertRule, _ severity: AlertSeverity, subject: String, _ summary: String, members: [String] = [],
    cooldown: Double, instance: InstanceID = .default
  ) {
    self.instance = instance
    self.rule = rule
    self.severity = severity
    self.subject = subject
    self.summary = summary
    self.members = members.sorted()
    self.cooldown = cooldown
  }

  package var key: String { "\(rule.rawValue)/\(subject)" }
}

/// An alert that fires.
package struct Alert: Hashable, Codable, Sendable {
  package var instance: InstanceID
  package var rule: AlertRule
  package var severity: AlertSeverity
  package var subject: String
  package var summary: String
  package var members: [String]
  package var since: Timestamp
  /// When it was last notified; nil: never, because it is silenced.
  package var notifiedAt: Timestamp?
  /// Its severity when it was last notified.
  package var notifiedSeverity: AlertSeverity?
  package var isOneShot: Bool
  package var cooldown: Double
  /// When it stopped firing; nil: it fires. It is kept until its cooldown is over, so that flapping does not begin that
  /// anew.
  package var endedAt: Timestamp?
  /// Whether receivers were notified of its end, and not since that it fires again.
  package var isReportedResolved: Bool?

  package var isFiring: Bool { endedAt == nil }

  package var key: String { "\(rule.rawValue)/\(subject)" }

  package init(_ condition: AlertCondition, since: Timestamp) {
    instance = condition.instance
    rule = condition.rule
    severity = condition.severity
    subject = condition.subject
    summary = condition.summary
    members = condition.members
    isOneShot = condition.isOneShot
    cooldown = condition.cooldown
    self.since = since
  }
}

/// What receivers get of an alert.
package struct AlertNotification: Hashable, Codable, Sendable {
  package enum Kind: String, Codable, Sendable { case firing, resolved }

  package var kind: Kind
  package var alert: Alert
  package var at: Timestamp

  package init(_ kind: Kind, _ alert: Alert, at: Timestamp) {
    self.kind = kind
    self.alert = alert
    self.at = at
  }

  /// One line of text.
  package var title: String {
    switch kind {
    case .firing: "\(alert.severity.rawValue.uppercased()): \(alert.summary)"
    case .resolved: "RESOLVED: \(alert.summary)"
    }
  }
}

/// Keeps some alerts from being notified for a while.
package struct Silence: Hashable, Sendable {
  /// Its number in the store.
  package var number: Int
  /// A rule, a host or a subject; `*` for everything.
  package var match: String
  package var until: Timestamp
  package var reason: String

  package init(number: Int = 0, match: String, until: Timestamp, reason: String) {
    self.number = number
    self.match = match
    self.until = until
    self.reason = reason
  }

  /// An alert with several hosts is silent when each of them is.
  package static func cover(_ alert: Alert, _ silences: [Silence], at now: Timestamp) -> Bool {
    let matches = Set(silences.filter { now < $0.until }.map(\.match))
    if matches.contains("*") || matches.contains(alert.rule.rawValue) || matches.contains(alert.subject) {
      return true
    }
    return !alert.members.isEmpty && alert.members.allSatisfy(matches.contains)
  }
}
