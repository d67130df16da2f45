import Model
import Platform
import Reports

/// The output of `status`, from the content of the status files.
struct StatusText {
  let console: Console
  let document: StatusDocument
  /// Only these; empty: all.
  var names: Set<String> = []
  var times = LocalTime()

  /// Healthy hosts that a terminal lists one by one; the rest are counted.
  private static let shownHealthy = 20

  private var status: StatusReport { document.status }

  var text: TerminalText {
    var lines = (silence.map { [console.paint($0, .red)] } ?? []) + [headline]
    lines = lines.flatMap { $0.wrapped(to: console.columns) }
    for rows in [attention, hosts] where !rows.isEmpty {
      lines += [""] + TextTable(width: console.columns, rows: rows).lines
    }
    if !names.isEmpty, attention.isEmpty, hosts.isEmpty {
      lines += [
        "", "  nothing is said of \(names.sorted().joined(separator: ", ")): 'reconciler show NAME' looks at NPM",
      ]
    }
    if hiddenHealthy > 0 { lines.append("  and \(hiddenHealthy) more that are healthy: 'reconciler list'") }
    return (lines + [""] + last.flatMap { $0.wrapped(to: console.columns) }).joined(separator: "\n")
  }

  private func count(_ state: ObjectState) -> Int { status.counts[state] ?? 0 }

  // MARK: In one line

  private var headline: TerminalText {
    let npm: TerminalText = "NPM \(status.npm.version ?? "?") at \(status.npm.url)"
    guard let health = document.health, !health.proxies.isEmpty else { return "\(sync), \(npm)" }
    let healthy = health.counts[.healthy] ?? 0
    let total: TerminalText = "\(healthy) of \(health.proxies.count) healthy"
    let isFine = healthy == health.proxies.count
    return "\(console.paint(total, isFine ? .green : .yellow)), \(sync), \(npm)"
  }

  private var sync: TerminalText {
    guard let sync = status[.inSync] else { return console.paint("not known whether in sync", .yellow) }
    let since = times.text(sync.since.timestamp)
    let number = "\(count(.inSync)) of \(count(.desired))"
    let adoptable = count(.adoptable)
    if adoptable > 0, sync.status == .yes {
      return "\(number) in sync, \(adoptable) as the files say, but without an owner ('reconciler adopt --all')"
    }
    switch sync.status {
    case .yes: return "\(console.paint("\(number) in sync", .green)) since \(since)"
    case .no: return "\(console.paint("\(number) in sync", .yellow)), differs since \(since)"
    case .unknown where sync.reason == StatusFiles.outdated:
      return "\(console.paint("outdated", .yellow)) since \(since)"
    case .unknown: return "\(console.paint("not known whether in sync", .yellow)) since \(since)"
    }
  }

  /// Since when a daemon that wrote the files has been silent; nil: it is not, or there is none.
  private var silence: TerminalText? {
    guard status.isAbandoned(at: times.now), let daemon = status.daemon else { return nil }
    let since = times.text(daemon.writtenAt.timestamp)
    return "The daemon has written nothing since \(since): what it knew is not known any more."
  }

  // MARK: What needs a look

  private var attention: [TextTable.Row] { (names.isEmpty ? conditions : []) + changes + drifted + held }

  private func isMeant(_ kind: String, _ name: String) -> Bool {
    names.isEmpty || names.contains(name) || names.contains("\(kind)/\(name)")
  }

  /// What is not about single objects.
  private var conditions: [TextTable.Row] {
    status.conditions.compactMap { condition in
      switch (condition.type, condition.status) {
      case (.healthy, _), (_, .yes): nil
      case (.certificatesValid, .no): row("certificates", "due", .yellow, condition.message)
      case (.desiredValid, .no): row("desired files", "not in force", .red, condition.message)
      case (.applied, .no) where condition.reason == "Refused": row("apply", "refused", .red, condition.message)
      case (.inSync, .no) where condition.reason == ReconcileSummary.unprotected:
        row("sync", "differs", .red, condition.message)
      case (_, .unknown): row(Self.title(condition.type), "unknown", .yellow, condition.message)
      default: nil
      }
    }
  }

  private static func title(_ type: ConditionReport.Kind) -> String {
    switch type {
    case .inSync: "sync"
    case .applied: "apply"
    case .unobstructed: "blocked changes"
    case .certificatesValid: "certificates"
    case .healthy: "health"
    case .desiredValid: "desired files"
    }
  }

  /// Blocked, failed, and not applied yet.
  private var changes: [TextTable.Row] {
    let isDrifted = Set((document.drift?.drift ?? []).map { "\($0.kind)/\($0.name)" })
    return status.open.filter { isMeant($0.kind, $0.name) }.compactMap { change in
      let name = Self.name(change.kind, change.name)
      if change.action == "blocked" { return row(name, "blocked", .red, change.message ?? "", change.hint) }
      if let message = change.message { return row(name, "failed", .red, message, change.hint) }
      guard !isDrifted.contains("\(change.kind)/\(change.name)") else { return nil }
      let fields =
        change.fields.isEmpty || change.action == "create" ? "" : ": \(change.fields.joined(separator: ", "))"
      return row(name, "pending", .yellow, "\(change.action)\(fields)")
    }
  }

  private var drifted: [TextTable.Row] {
    (document.drift?.drift ?? []).filter { isMeant($0.kind, $0.name) }.map { entry in
      let at = entry.changedAt.map { ", \($0)" } ?? ""
      let by = entry.by.map { "changed in NPM by \($0)\(at)" }
      let fields = entry.fields.map { "\($0.path) \($0.observed.summary), should be \($0.desired.summary)" }
      let name = Self.name(entry.kind, entry.name)
      return row(
        name, "drifted", .yellow, fields.first ?? "changed in NPM", fields.dropFirst() + [by].compactMap(\.self))
    }
  }

  /// Held back by the policy, a suspension or a maintenance window.
  private var held: [TextTable.Row] {
    status.withheld.filter { isMeant($0.kind, $0.name) }.map { change in
      row(Self.name(change.kind, change.name), "held back", .dim, "\(change.action): \(change.message ?? "")")
    }
  }

  private func row(_ name: String, _ state: TerminalText, _ style: ANSIStyle, _ text: String, _ hint: String?)
    -> TextTable.Row
  { row(name, state, style, text, [hint].compactMap(\.self)) }

  private func row(
    _ name: String, _ state: TerminalText, _ style: ANSIStyle, _ text: String, _ notes: [String] = []
  ) -> TextTable.Row {
    TextTable.Row(
      [TerminalText(name), console.paint(state, style), TerminalText(text)], notes: notes.map { TerminalText($0) })
  }

  /// The name, with its kind unless it is a proxy host.
  private static func name(_ kind: String, _ name: String) -> String {
    let kind = ResourceKind(rawValue: kind)
    return kind == .proxyHost ? name : "\(kind.title) \(name)"
  }

  // MARK: How hosts are

  private func proxies(_ health: Health) -> [HealthReport.Proxy] {
    (document.health?.proxies ?? []).filter {
      $0.health == health && isMeant(ResourceKind.proxyHost.rawValue, $0.name)
    }
  }

  private var hiddenHealthy: Int {
    console.columns == nil || !names.isEmpty ? 0 : max(0, proxies(.healthy).count - Self.shownHealthy)
  }

  /// Unhealthy hosts come first. Nothing is left out of what is no terminal.
  private var hosts: [TextTable.Row] {
    let unknown = proxies(.unknown)
    // One reason for many is said once.
    let reason = unknown.first?.problem
    let isShared = unknown.count > 3 && reason != nil && unknown.allSatisfy { $0.problem == reason }
    let shared = isShared ? [row("\(unknown.count) hosts", "unknown", .yellow, reason ?? "")] : []
    let single = proxies(.unhealthy) + (isShared ? [] : unknown) + proxies(.healthy).dropLast(hiddenHealthy)
    return shared
      + single.map { proxy in
        switch proxy.health {
        case .healthy:
          let share = proxy.availability.day.map { Objective.percent($0) } ?? ""
          let time = proxy.latency.p50.map { "\(Int($0.rounded(.up))) ms" } ?? ""
          return row(proxy.name, "healthy", .green, time.isEmpty ? share : "\(share.padded(to: 8))  \(time)")
        case .unhealthy:
          return row(
            proxy.name, "unhealthy", .red, "since \(times.text(proxy.since.timestamp))  \(proxy.problem ?? "")")
        case .unknown: return row(proxy.name, "unknown", .yellow, proxy.problem ?? "not checked yet")
        }
      }
  }

  // MARK: What was done last

  private var last: [TerminalText] {
    let planned = status.lastReconcile
    let run = planned?.run.map { "run \($0)" } ?? planned?.command ?? "nothing yet"
    let at = planned.map { ", \(times.text($0.at.timestamp))" } ?? ""
    let counts = "\(count(.applied)) applied, \(count(.failed)) failed, \(count(.blocked)) blocked"
    let commit = status.commit.map { commit -> TerminalText in
      "Commit \(commit.hash.prefix(10)) by \(commit.author): \(commit.subject)"
    }
    return ["Last: \(run)\(at), \(counts)"] + [commit].compactMap(\.self)
  }
}

extension String {
  /// Padded with spaces on the right.
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
