package import Model
import Platform

/// A notice in the words of those who take it.
package struct AlertBody: Sendable {
  private let notice: AlertNotice
  private let owner: String

  package init(_ notice: AlertNotice, owner: String) {
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

  /// Alertmanager's API, version 2. It forgets what nobody repeats: we do, with each cooldown.
  package var alertmanager: JSONValue {
    let end =
      notice.kind == .resolved ? notice.at : Timestamp(seconds: notice.at.seconds + 2 * max(alert.cooldown, 3600))
    return [
      [
        "labels": labels, "annotations": annotations, "startsAt": .string(alert.since.iso8601),
        "endsAt": .string(end.iso8601), "generatorURL": "http://reconciler.invalid/",
      ]
    ]
  }

  /// Nobody is pinged by what stands in a name.
  package var discord: JSONValue {
    let color =
      notice.kind == .resolved ? 0x2e_a0_43 : [.info: 0x38_8b_fd, .warning: 0xd2_99_22][alert.severity] ?? 0xda_36_33
    return [
      "username": "reconciler", "allowed_mentions": ["parse": []],
      "embeds": [
        [
          "title": .string(String(notice.title.prefix(256))), "description": .string(String(text.prefix(4000))),
          "color": .int(color), "timestamp": .string(notice.at.iso8601),
        ]
      ],
    ]
  }

  /// `&`, `<` and `>` are Slack's own signs.
  package var slack: JSONValue {
    let plain = "\(notice.title)\n\(text)".replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    return ["text": .string(plain.replacing(">", with: "&gt;"))]
  }

  package func ntfy(topic: String) -> JSONValue {
    let isFiring = notice.kind == .firing
    let priority = isFiring ? [.critical: 5, .warning: 4][alert.severity] ?? 3 : 3
    return [
      "topic": .string(topic), "title": .string(notice.title), "message": .string(text), "priority": .int(priority),
      "tags": [.string(isFiring ? "rotating_light" : "white_check_mark")],
    ]
  }

  /// For commands: everything.
  package var full: JSONValue {
    [
      "status": .string(notice.kind.rawValue), "rule": .string(alert.rule.rawValue),
      "severity": .string(alert.severity.rawValue), "subject": .string(alert.subject),
      "summary": .string(alert.summary), "members": .array(alert.members.map { .string($0) }),
      "since": .string(alert.since.iso8601), "at": .string(notice.at.iso8601), "owner": .string(owner),
    ]
  }

  /// What stands below the title, for people.
  package var text: String {
    var lines: [String] = []
    if alert.members.count > 1 { lines.append("Hosts: \(alert.members.joined(separator: ", "))") }
    lines.append("Since: \(alert.since.iso8601)")
    if notice.kind == .resolved { lines.append("Over: \(notice.at.iso8601)") }
    lines.append("Rule: \(alert.rule.rawValue), owner \(owner)")
    return lines.joined(separator: "\n")
  }

  package var title: String { notice.title }
}
