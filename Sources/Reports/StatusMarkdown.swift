package import Model

/// `status.md`: the status files for people.
package enum StatusMarkdown {
  package static func text(_ document: StatusDocument) -> MarkdownText {
    let status = document.status
    var lines: [MarkdownText] = ["# reconciler: \(heading(status))"]
    lines += status.conditions.filter { $0.status != .yes && $0.type != .healthy }.flatMap { condition in
      ["", "**\(condition.type.rawValue)**: \(condition.message.isEmpty ? condition.reason : condition.message)"]
    }
    // What a reconciliation found is not shown as true once it is not.
    if status[.inSync]?.status != .unknown, let last = status.lastReconcile { lines += found(status, last) }
    if let health = document.health, !health.proxies.isEmpty { lines += self.health(health) }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func heading(_ status: StatusReport) -> MarkdownText {
    switch status[.inSync]?.status {
    case .yes: "in sync"
    case .no: "\(status.open.count) to do, \(status.counts[.withheld] ?? 0) held back"
    case .unknown: status[.inSync]?.reason == StatusFiles.outdated ? "outdated" : "not known"
    case nil: "see below"
    }
  }

  private static func found(_ status: StatusReport, _ last: StatusReport.Reconcile) -> [MarkdownText] {
    let npm: MarkdownText = "NPM \(status.npm.version ?? "?") at \(status.npm.url)"
    var lines: [MarkdownText] = ["", "\(last.at.timestamp.iso8601), owner \(status.owner), \(npm)", ""]
    lines += ["| | |", "|---|---|"]
    lines += ObjectState.allCases.map { "| \($0.rawValue.replacing("_", with: " ")) | \(status.counts[$0] ?? 0) |" }
    guard !status.open.isEmpty else { return lines }
    lines += ["", "| host | what | why |", "|---|---|---|"]
    lines += status.open.map { change in
      "| \(change.name) | \(change.action) | \(change.message ?? change.fields.joined(separator: ", ")) |"
    }
    return lines
  }

  private static func health(_ health: HealthReport) -> [MarkdownText] {
    let score = health.score.map { "\($0)" } ?? "none"
    var lines: [MarkdownText] = [
      "", "## Health: \(health.counts[.healthy] ?? 0) of \(health.proxies.count) healthy, score \(score)",
    ]
    let bad = health.proxies.filter { $0.health == .unhealthy }
    guard !bad.isEmpty else { return lines }
    lines += ["", "| host | since | problem |", "|---|---|---|"]
    lines += bad.map { "| \($0.name) | \($0.since.timestamp.iso8601) | \($0.problem ?? "") |" }
    return lines
  }
}
