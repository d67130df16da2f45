package import Model
import Platform

/// A notification for programs: all fields, in the format of the receiver.
package struct NotificationPayload: Sendable {
  private let notice: AlertNotification
  private let owner: String

  package init(_ notice: AlertNotification, owner: String) {
    self.notice = notice
    self.owner = owner
  }

  private var alert: Alert { notice.alert }

  private var labels: JSONValue {
    [
      "alertname": .string(alert.rule.rawValue), "severity": .string(alert.severity.rawValue),
      "subject": .string(alert.subject), "owner": .string(owner), "job": "reconciler",
    ]
  }

  private var annotations: JSONValue {
    ["summary": .string(alert.summary), "members": .string(alert.members.joined(separator: ", "))]
  }

  /// Alertmanager's webhook, version 4: one alert in one group.
  package func webhook(receiver: String) -> JSONValue {
    let isResolved = notice.kind == .resolved
    return [
      "version": "4", "groupKey": .string(alert.key), "truncatedAlerts": 0, "status": .string(notice.kind.rawValue),
      "receiver": .string(receiver), "groupLabels": ["alertname": .string(alert.rule.rawValue)],
      "commonLabels": labels, "commonAnnotations": annotations, "externalURL": "",
      "alerts": [
        [
          "status": .string(notice.kind.rawValue), "labels": labels, "annotations": annotations,
          "startsAt": .string(alert.since.iso8601),
          "endsAt": .string(isResolved ? notice.at.iso8601 : "0001-01-01T00:00:00Z"), "generatorURL": "",
          "fingerprint": .string(alert.key),
        ]
      ],
    ]
  }

  /// Alertmanager's API, version 2. Alerts expire there unless repeated: they are repeated with each cooldown.
  package var alertmanager: JSONValue {
    let end =
      notice.kind == .resolved ? notice.at : notice.at + 2 * max(alert.cooldown, 3600)
    return [
      [
        "labels": labels, "annotations": annotations, "startsAt": .string(alert.since.iso8601),
        "endsAt": .string(end.iso8601), "generatorURL": "http://reconciler.invalid/",
      ]
    ]
  }

  /// For commands: all fields.
  package var full: JSONValue {
    [
      "status": .string(notice.kind.rawValue), "rule": .string(alert.rule.rawValue),
      "severity": .string(alert.severity.rawValue), "subject": .string(alert.subject),
      "summary": .string(alert.summary), "members": .array(alert.members.map { .string($0) }),
      "since": .string(alert.since.iso8601), "at": .string(notice.at.iso8601), "owner": .string(owner),
    ]
  }
}
