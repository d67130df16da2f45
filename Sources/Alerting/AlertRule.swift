/// What alerts are about.
package enum AlertRule: String, CaseIterable, Codable, Sendable {
  /// Hosts are unhealthy.
  case down = "host-down"
  /// Hosts fail repeatedly without being down.
  case unstable = "host-unstable"
  /// The daemon restarted.
  case restarted
  case certificate = "certificate-expiring"
  /// What was changed in NPM is not repaired.
  case drift
  /// nginx does not enforce, or may not enforce, the access list of a host.
  case guardOpen = "guard-open"
  /// Changes fail, or are blocked or refused.
  case apply = "apply-failing"
  case npm = "npm-unreachable"
  /// Changes were undone because hosts became unhealthy after them.
  case rolledBack = "rolled-back"
  /// The store cannot be read or written: nothing is written to NPM.
  case store = "store-failing"
  /// The desired files have errors.
  case desired = "desired-invalid"
  case slo = "slo-missed"
}

/// The settings of a rule.
package struct AlertRuleSettings: Hashable, Sendable {
  package var isEnabled = true
  package var severity: AlertSeverity
  /// Seconds before the same alert is notified again.
  package var cooldown: Double
  /// Seconds for which the condition must last before it is notified.
  package var after: Double

  package init(_ severity: AlertSeverity, cooldown: Double, after: Double = 0) {
    self.severity = severity
    self.cooldown = cooldown
    self.after = after
  }

  package static func standard(_ rule: AlertRule) -> AlertRuleSettings {
    let hour = 3600.0
    return switch rule {
    case .down: AlertRuleSettings(.critical, cooldown: hour)
    case .unstable: AlertRuleSettings(.warning, cooldown: 2 * hour)
    case .restarted: AlertRuleSettings(.info, cooldown: 4 * hour)
    case .certificate: AlertRuleSettings(.warning, cooldown: 24 * hour)
    case .drift: AlertRuleSettings(.warning, cooldown: 24 * hour, after: hour)
    case .guardOpen: AlertRuleSettings(.critical, cooldown: hour)
    case .apply: AlertRuleSettings(.warning, cooldown: 4 * hour, after: 120)
    case .rolledBack: AlertRuleSettings(.critical, cooldown: hour)
    case .npm, .store: AlertRuleSettings(.critical, cooldown: hour, after: 60)
    case .desired: AlertRuleSettings(.warning, cooldown: 4 * hour, after: 120)
    case .slo: AlertRuleSettings(.warning, cooldown: 24 * hour)
    }
  }
}
