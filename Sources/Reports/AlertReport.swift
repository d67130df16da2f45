package import Alerting
import Model

/// An alert that fires, as JSON.
package struct AlertReport: Codable, Hashable, Sendable {
  package var rule: String
  package var severity: String
  package var subject: String
  package var summary: String
  /// Hosts that suffer.
  package var members: [String]
  package var since: String
  /// null: it is silenced.
  @Nullable package var notifiedAt: String?

  private enum CodingKeys: String, CodingKey {
    case rule, severity, subject, summary, members, since
    case notifiedAt = "notified_at"
  }

  package init(_ alert: Alert) {
    rule = alert.rule.rawValue
    severity = alert.severity.rawValue
    subject = alert.subject
    summary = alert.summary
    members = alert.members
    since = alert.since.iso8601
    _notifiedAt = Nullable(wrappedValue: alert.notifiedAt?.iso8601)
  }
}

/// What `alerts` prints.
package struct AlertListReport: Codable, Hashable, Sendable {
  package struct Silenced: Codable, Hashable, Sendable {
    package var number: Int
    package var match: String
    package var until: String
    package var reason: String
  }
  /// A receiver, and how many notifications wait for it.
  package struct Sink: Codable, Hashable, Sendable {
    package var name: String
    package var type: String
    package var pending: Int

    package init(name: String, type: String, pending: Int) {
      self.name = name
      self.type = type
      self.pending = pending
    }
  }

  package var formatVersion = "1"
  package var alerts: [AlertReport]
  package var silences: [Silenced]
  package var sinks: [Sink]

  private enum CodingKeys: String, CodingKey {
    case alerts, silences, sinks
    case formatVersion = "format_version"
  }

  package init(_ alerts: [Alert], _ silences: [Silence], sinks: [Sink]) {
    self.alerts = alerts.map(AlertReport.init)
    self.silences = silences.map {
      Silenced(number: $0.number, match: $0.match, until: $0.until.iso8601, reason: $0.reason)
    }
    self.sinks = sinks
  }
}
