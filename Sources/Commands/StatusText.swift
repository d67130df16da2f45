import Model
import Platform
import Reports

/// The output of `status`, from the content of the status files.
struct StatusText {
  let console: Console
  let document: StatusDocument
  var now = Timestamp.now

  /// Healthy hosts listed one by one; the rest are counted.
  private static let shownHealthy = 20

  private var status: StatusReport { document.status }

  var text: TerminalText {
    var lines =
      silence.map { since -> [TerminalText] in
        [console.paint("The daemon has written nothing since \(since): what it knew is not known any more.", .red)]
      } ?? []
    lines += [headline, ""]
    lines += conditions + drifted
    lines += hosts
    if lines.last?.isEmpty != true { lines.append("") }
    lines.append(last)
    return lines.joined(separator: "\n")
  }

  private func count(_ state: ObjectState) -> Int { status.counts[state] ?? 0 }

  private var headline: TerminalText {
    let sync = status[.inSync]
    let isInSync = sync?.status == .yes
    let word: TerminalText =
      isInSync
      ? "all in sync"
      : sync?.reason == StatusFiles.outdated ? "outdated" : sync?.status == .no ? "differs" : "not known"
    let npm = "NPM \(status.npm.version ?? "?") at \(status.npm.url)"
    let since = sync.map { Self.minute($0.since) } ?? "?"
    let state: TerminalText = "\(console.paint(word, isInSync ? .green : .yellow)) since \(since), \(npm)"
    let number: TerminalText = "\(count(.inSync)) of \(count(.desired)) in sync, \(state)"
    guard let health = document.health, !health.proxies.isEmpty else { return number }
    let healthy = health.counts[.healthy] ?? 0
    let total: TerminalText = "\(healthy) of \(health.proxies.count) healthy"
    let isFine = healthy == health.proxies.count
    return "\(console.paint(total, isFine ? .green : .yellow)), \(number)"
  }

  /// Since when a daemon that wrote the files has been silent; nil: it is not, or there is none.
  private var silence: String? {
    status.isAbandoned(at: now) ? status.daemon.map { Self.minute($0.writtenAt) } : nil
  }

  private var conditions: [TerminalText] {
    status.conditions.filter { $0.status != .yes && $0.type != .healthy }.map {
      "  \($0.type.rawValue): \($0.message)"
    }
  }

  private var drifted: [TerminalText] {
    (document.drift?.drift ?? []).flatMap { entry -> [TerminalText] in
      let at = entry.changedAt.map { ", \($0)" } ?? ""
      let by = entry.by.map { ", changed in NPM by \($0)\(at)" } ?? ""
      return entry.fields.map { field in
        let values = "\(field.observed.summary), should be \(field.desired.summary)"
        return "  \(entry.name)  \(field.path)  \(values)\(by)"
      }
    }
  }

  /// Unhealthy hosts come first.
  private var hosts: [TerminalText] {
    let proxies = document.health?.proxies ?? []
    let bad = proxies.filter { $0.health == .unhealthy }
    let unknown = proxies.filter { $0.health == .unknown }
    let good = proxies.filter { $0.health == .healthy }
    let shown = bad + unknown.prefix(Self.shownHealthy) + good.prefix(Self.shownHealthy)
    let width = (shown.map { TerminalText($0.name).count }.max() ?? 0) + 2
    let hidden = proxies.count - shown.count
    return shown.map { host($0, width) } + (hidden > 0 ? ["  and \(hidden) more, see health.json"] : [])
  }

  private func host(_ proxy: HealthReport.Proxy, _ width: Int) -> TerminalText {
    let name = TerminalText(proxy.name).padded(to: width)
    switch proxy.health {
    case .healthy:
      let share = proxy.availability.day.map { Objective.percent($0) } ?? ""
      let time = proxy.latency.p50.map { "\(Int($0.rounded(.up))) ms" } ?? ""
      let numbers =
        share.isEmpty && time.isEmpty ? "" : "    \(time.isEmpty ? share : share.padded(to: 8) + "  " + time)"
      return "  \(name)\(console.paint("healthy", .green))\(numbers)"
    case .unhealthy:
      let problem = proxy.problem ?? ""
      return "  \(name)\(console.paint("unhealthy", .red))  since \(Self.minute(proxy.since))  \(problem)"
    case .unknown: return "  \(name)unknown    \(proxy.problem ?? "not checked yet")"
    }
  }

  private var last: TerminalText {
    let planned = status.lastReconcile
    let run = planned?.run.map { "run \($0)" } ?? planned?.command ?? "nothing yet"
    let at = planned.map { ", \(Self.minute($0.at))" } ?? ""
    let commit = status.commit.map { commit -> TerminalText in
      "\nCommit \(commit.hash.prefix(10)) by \(commit.author): \(commit.subject)"
    }
    let counts = "\(count(.applied)) applied, \(count(.failed)) failed, \(count(.blocked)) blocked"
    return "Last: \(run)\(at), \(counts)\(commit ?? "")"
  }

  /// For example `2026-11-21 14:02 UTC`.
  private static func minute(_ time: ReportTime) -> String { "\(time.timestamp.sqlText.dropLast(3)) UTC" }
}
