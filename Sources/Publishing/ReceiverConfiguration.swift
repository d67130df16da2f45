package import Alerting
package import Model

/// A receiver of alerts.
package struct ReceiverConfiguration: Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    case webhook, alertmanager, discord, slack, ntfy, email, command, log
  }

  package var name: String
  package var kind: Kind
  /// Its URL; it may contain a key, and is never shown.
  package var url = Secret("")
  /// For ntfy and webhooks: sent as a bearer token.
  package var token: Secret?
  /// For mail.
  package var from = ""
  package var to: [String] = []
  package var user: String?
  package var password: Secret?
  /// The program and its arguments; it gets the notification as JSON on its standard input.
  package var command: [String] = []
  package var minimum = AlertSeverity.info
  package var sendsResolved = true

  package init(name: String, kind: Kind) {
    self.name = name
    self.kind = kind
  }

  package func wants(_ notice: AlertNotification) -> Bool {
    // An alert that was notified at a higher severity is resolved for the receivers of that severity.
    (notice.alert.notifiedSeverity ?? notice.alert.severity) >= minimum && (notice.kind == .firing || sendsResolved)
  }
}
