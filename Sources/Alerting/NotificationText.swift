package import Model
import Platform

/// Notifications as text, within the limits of each service. Several that are due at once are one message.
package struct NotificationText: Sendable {
  /// How much is included; a service that refuses a text for its length gets the shorter one.
  package enum Length: Sendable { case full, short }

  private let notices: [AlertNotification]
  private let owner: String
  private let length: Length

  /// - Parameter notices: one or more, of which the worst is named first.
  package init(_ notices: [AlertNotification], owner: String, length: Length = .full) {
    // Firing before resolved, the most severe first; equal ones in their original order.
    func rank(_ notice: AlertNotification) -> Int {
      (notice.kind == .firing ? 10 : 0) + (AlertSeverity.allCases.firstIndex(of: notice.alert.severity) ?? 0)
    }
    let order = notices.indices.sorted { (rank(notices[$1]), $0) < (rank(notices[$0]), $1) }
    self.notices = order.map { notices[$0] }
    self.owner = owner
    self.length = length
  }

  /// Hosts, and alerts, that are listed individually.
  private var shownMembers: Int { length == .full ? 20 : 3 }
  private var longestTitle: Int { length == .full ? 200 : 100 }

  /// One line.
  package var title: String {
    guard let first = notices.first else { return "" }
    guard notices.count > 1 else { return Self.cut(Self.clean(first.title), longestTitle) }
    return Self.cut("\(word(first)): \(notices.count) alerts: \(Self.clean(first.alert.summary))", longestTitle)
  }

  /// The text below the title.
  package var text: String {
    guard let first = notices.first else { return "" }
    if notices.count > 1 { return listing }
    var lines: [String] = []
    if first.alert.members.count > 1 { lines.append("Hosts: \(names(first.alert.members))") }
    lines.append("Since: \(first.alert.since.iso8601)")
    if first.kind == .resolved { lines.append("Over: \(first.at.iso8601)") }
    lines.append("Rule: \(first.alert.rule.rawValue), owner \(owner)")
    return lines.joined(separator: "\n")
  }

  private var listing: String {
    let shown = notices.prefix(shownMembers).map { Self.cut("- \(Self.clean($0.title))", longestTitle) }
    let rest = notices.count - shown.count
    // What they share says more than a list of hundreds.
    let digest = rest > 0 ? [Self.cut(Self.clean(AlertDigest(notices).summary), longestTitle)] : []
    return (digest + shown + (rest > 0 ? ["and \(rest) more"] : []) + ["Owner \(owner)"]).joined(separator: "\n")
  }

  private func names(_ all: [String]) -> String {
    let shown = all.prefix(shownMembers).map { Self.cut(Self.clean($0), 100) }.joined(separator: ", ")
    return all.count > shownMembers ? "\(shown) and \(all.count - shownMembers) more" : shown
  }

  private func word(_ notice: AlertNotification) -> String {
    notice.kind == .resolved ? "RESOLVED" : notice.alert.severity.rawValue.uppercased()
  }

  /// Without control sequences for whatever displays it.
  private static func clean(_ text: String) -> String { TerminalText(text).raw }

  /// - Parameter units: of UTF-16, as JavaScript counts and the limits of most services are meant.
  static func cut(_ text: String, _ units: Int) -> String {
    guard text.utf16.count > units else { return text }
    var kept = ""
    var left = units - 3
    for character in text {
      left -= character.utf16.count
      if left < 0 { break }
      kept.append(character)
    }
    return kept + "..."
  }

  // MARK: Services

  /// Discord: 256 characters of title, 4,096 of description. A name in the text can neither ping users nor add markup.
  package var discord: JSONValue {
    guard let first = notices.first else { return .null }
    let firing = [AlertSeverity.info: 0x38_8b_fd, .warning: 0xd2_99_22][first.alert.severity]
    return [
      "username": "reconciler", "allowed_mentions": ["parse": []],
      "embeds": [
        [
          "title": .string(Self.cut(Self.unmarked(title), 256)),
          "description": .string(Self.cut(Self.unmarked(text), 3500)),
          "color": .int(first.kind == .resolved ? 0x2e_a0_43 : firing ?? 0xda_36_33),
          "timestamp": .string(first.at.iso8601),
        ]
      ],
    ]
  }

  private static func unmarked(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      if "\\*_~`|>[]()#@<".contains(character) { result.append("\\") }
      result.append(character)
    }
  }

  /// Slack: a text of 3,000 characters is always shown whole. `&`, `<` and `>` are its control characters.
  package var slack: JSONValue {
    let plain = Self.cut("\(title)\n\(text)", 2500)
    let escaped = plain.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    return ["text": .string(escaped), "mrkdwn": false]
  }

  /// ntfy: 4,096 bytes for the whole request, headers included.
  package func ntfy(topic: String) -> JSONValue {
    let isFiring = notices.first?.kind == .firing
    let severity = isFiring ? notices.first?.alert.severity ?? .info : .info
    let priority = [AlertSeverity.critical: 5, .warning: 4][severity] ?? 3
    let message = text
    func body(_ count: Int) -> JSONValue {
      [
        "topic": .string(topic), "title": .string(title), "message": .string(Self.cut(message, max(3, count))),
        "priority": .int(priority), "tags": [.string(isFiring ? "rotating_light" : "white_check_mark")],
      ]
    }
    var count = message.count
    while count > 3, JSONOutput.line(body(count)).utf8.count > 3400 { count = count * 3 / 4 }
    return body(count)
  }
}
