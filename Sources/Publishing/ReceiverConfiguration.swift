package import Alerting
package import Model

/// Somebody who is told of alerts.
package struct ReceiverConfiguration: Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    case webhook, alertmanager, discord, slack, ntfy, email, command, log
  }

  package var name: String
  package var kind: Kind
  /// Where it listens; it may hold a key, and is never shown.
  package var url = Secret("")
  /// For ntfy and webhooks: sent as a bearer token.
  package var token: Secret?
  /// For mail.
  package var from = ""
  package var to: [String] = []
  package var user: String?
  package var password: Secret?
  /// The program and its arguments; it gets the notice as JSON on its standard input.
  package var command: [String] = []
  package var minimum = AlertSeverity.info
  package var sendsResolved = true

  package init(name: String, kind: Kind) {
    self.name = name
    self.kind = kind
  }

  package func wants(_ notice: AlertNotification) -> Bool {
    // What was told as worse is over for those who heard of it then.
    (notice.alert.notifiedSeverity ?? notice.alert.severity) >= minimum && (notice.kind == .firing || sendsResolved)
  }
}
