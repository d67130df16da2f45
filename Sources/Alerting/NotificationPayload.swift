package import Model
import Platform

/// Notifications for programs: all fields, in the format of the receiver. Several are one message.
package struct NotificationPayload: Sendable {
  private let notices: [AlertNotification]
  private let owner: String

  /// - Parameter notices: one or more.
  package init(_ notices: [AlertNotification], owner: String) {
    self.notices = notices
    self.owner = owner
  }

  package init(_ notice: AlertNotification, owner: String) { self.init([notice], owner: owner) }

  private var parts: [Part] { notices.map { Part(notice: $0, owner: owner) } }

  /// Alertmanager's webhook, version 4: one group.
  package func webhook(receiver: String) -> JSONValue {
    guard let first = parts.first else { return .null }
    let isOne = parts.count == 1
    let isFiring = notices.contains { $0.kind == .firing }
    return [
      "version": "4", "groupKey": .string(isOne ? first.alert.key : first.alert.rule.rawValue), "truncatedAlerts": 0,
      "status": .string((isFiring ? AlertNotification.Kind.firing : .resolved).rawValue),
      "receiver": .string(receiver), "groupLabels": ["alertname": .string(first.alert.rule.rawValue)],
      "commonLabels": isOne ? first.labels : ["owner": .string(owner), "job": "reconciler"],
      "commonAnnotations": isOne ? first.annotations : ["summary": .string(digest.summary)], "externalURL": "",
      "alerts": .array(parts.map(\.webhook)),
    ]
  }

  /// Alertmanager's API, version 2. Alerts expire there unless repeated: they are repeated with each cooldown.
  package var alertmanager: JSONValue { .array(parts.map(\.alertmanager)) }

  private var digest: AlertDigest { AlertDigest(notices) }

  /// For commands: all fields; of several, what they have in common.
  package var full: JSONValue { notices.count == 1 ? parts[0].full : Part(notice: digest.notice, owner: owner).full }
}

/// One notification of a message.
private struct Part {
  let notice: AlertNotification
  let owner: String

  var alert: Alert { notice.alert }

  var labels: JSONValue {
    [
      "alertname": .string(alert.rule.rawValue), "severity": .string(alert.severity.rawValue),
      "subject": .string(alert.subject), "owner": .string(owner), "job": "reconciler",
    ]
  }

  var annotations: JSONValue {
    ["summary": .string(alert.summary), "members": .string(alert.members.joined(separator: ", "))]
  }

  var webhook: JSONValue {
    let isResolved = notice.kind == .resolved
    return [
      "status": .string(notice.kind.rawValue), "labels": labels, "annotations": annotations,
      "startsAt": .string(alert.since.iso8601),
      "endsAt": .string(isResolved ? notice.at.iso8601 : "0001-01-01T00:00:00Z"), "generatorURL": "",
      "fingerprint": .string(alert.key),
    ]
  }

  var alertmanager: JSONValue {
    let end = notice.kind == .resolved ? notice.at : notice.at + 2 * max(alert.cooldown, 3600)
    return [
      "labels": labels, "annotations": annotations, "startsAt": .string(alert.since.iso8601),
      "endsAt": .string(end.iso8601), "generatorURL": "http://reconciler.invalid/",
    ]
  }

  var full: JSONValue {
    [
      "status": .string(notice.kind.rawValue), "rule": .string(alert.rule.rawValue),
      "severity": .string(alert.severity.rawValue), "subject": .string(alert.subject),
      "summary": .string(alert.summary), "members": .array(alert.members.map { .string($0) }),
      "since": .string(alert.since.iso8601), "at": .string(notice.at.iso8601), "owner": .string(owner),
    ]
  }
}
