import Model
import Platform

/// The output of `status`, from the content of the status files.
struct StatusText {
  let console: Console
  let status: JSONValue
  let drift: JSONValue
  /// null: no daemon has written it.
  let health: JSONValue
  var now = Timestamp.now
  /// Seconds between passes of a daemon.
  var interval = 60.0

  /// Healthy hosts listed one by one; the rest are counted.
  private static let shownHealthy = 20

  var text: TerminalText {
    var lines = [headline, ""]
    lines += conditions + drifted
    lines += hosts
    if lines.count > 2 { lines.append("") }
    lines.append(last)
    return lines.joined(separator: "\n")
  }

  private func count(_ name: String) -> Int { status["counts"][name].intValue ?? 0 }

  private var headline: TerminalText {
    let sync = (status["conditions"].arrayValue ?? []).first { $0["type"] == "InSync" } ?? .null
    let isInSync = sync["status"] == "True"
    let word: TerminalText =
      isInSync
      ? "all in sync"
      : sync["reason"] == "ChangedSince" ? "outdated" : sync["status"] == "Unknown" ? "not known" : "differs"
    let npm = "NPM \(status["npm"]["version"].stringValue ?? "?") at \(status["npm"]["url"].stringValue ?? "?")"
    let state: TerminalText =
      "\(console.paint(word, isInSync ? .green : .yellow)) since \(Self.minute(sync["since"])), \(npm)"
    let number: TerminalText = "\(count("in_sync")) of \(count("desired")) in sync, \(state)"
    guard let proxies = health["proxies"].arrayValue, !proxies.isEmpty else { return number }
    let healthy = health["counts"]["healthy"].intValue ?? 0
    let words: TerminalText = "\(healthy) of \(proxies.count) healthy"
    let health: TerminalText =
      "\(console.paint(words, healthy == proxies.count && silence == nil ? .green : .yellow)), \(number)"
    return silence.map { "\(console.paint("No word of the daemon since \($0)", .red)); then:\n\(health)" } ?? health
  }

  /// Since when a daemon that reported health has been silent; nil: it is not, or there is none. It writes each pass.
  private var silence: String? {
    guard let written = health["written_at"].stringValue.flatMap({ Timestamp(iso8601: $0) }) else { return nil }
    let patience = max(3 * interval, 300)
    return now.seconds - written.seconds > patience ? Self.minute(health["written_at"]) : nil
  }

  private var conditions: [TerminalText] {
    (status["conditions"].arrayValue ?? []).filter { $0["status"] != "True" && $0["type"] != "Healthy" }.map {
      "  \($0["type"].summary): \($0["message"].summary)"
    }
  }

  private var drifted: [TerminalText] {
    (drift["drift"].arrayValue ?? []).flatMap { entry -> [TerminalText] in
      let at = entry["changed_at"].stringValue.map { ", \($0)" } ?? ""
      let by = entry["by"].stringValue.map { ", changed in NPM by \($0)\(at)" } ?? ""
      return (entry["fields"].arrayValue ?? []).map { field in
        let values = "\(field["observed"].summary), should be \(field["desired"].summary)"
        return "  \(entry["name"].summary)  \(field["path"].summary)  \(values)\(by)"
      }
    }
  }

  /// Unhealthy hosts come first.
  private var hosts: [TerminalText] {
    let proxies = health["proxies"].arrayValue ?? []
    let bad = proxies.filter { $0["health"] == "unhealthy" }
    let unknown = proxies.filter { $0["health"] == "unknown" }
    let good = proxies.filter { $0["health"] == "healthy" }
    let shown = bad + unknown.prefix(Self.shownHealthy) + good.prefix(Self.shownHealthy)
    let width = (shown.compactMap { $0["name"].stringValue.map { TerminalText($0).count } }.max() ?? 0) + 2
    let hidden = proxies.count - shown.count
    return shown.map { host($0, width) } + (hidden > 0 ? ["  and \(hidden) more, see health.json"] : [])
  }

  private func host(_ proxy: JSONValue, _ width: Int) -> TerminalText {
    let name = TerminalText(proxy["name"].stringValue ?? "").padded(to: width)
    switch proxy["health"].stringValue {
    case "healthy":
      let share = proxy["availability"]["24h"].doubleValue.map { Objective.percent($0) } ?? ""
      let time = proxy["latency_ms"]["p50"].doubleValue.map { "\(Int($0.rounded(.up))) ms" } ?? ""
      let numbers =
        share.isEmpty && time.isEmpty ? "" : "    \(time.isEmpty ? share : share.padded(to: 8) + "  " + time)"
      return "  \(name)\(console.paint("healthy", .green))\(numbers)"
    case "unhealthy":
      let problem = proxy["problem"].stringValue ?? ""
      return "  \(name)\(console.paint("unhealthy", .red))  since \(Self.minute(proxy["since"]))  \(problem)"
    default: return "  \(name)unknown    \(proxy["problem"].stringValue ?? "not checked yet")"
    }
  }

  private var last: TerminalText {
    let planned = status["last_reconcile"]
    let run = planned["run"].intValue.map { "run \($0)" } ?? planned["command"].summary
    let commit = status["commit"]["hash"].stringValue.map { hash -> TerminalText in
      "\nCommit \(hash.prefix(10)) by \(status["commit"]["author"].summary): \(status["commit"]["subject"].summary)"
    }
    let counts = "\(count("applied")) applied, \(count("failed")) failed, \(count("blocked")) blocked"
    return "Last: \(run), \(Self.minute(planned["at"])), \(counts)\(commit ?? "")"
  }

  /// `2026-11-21T14:02:07.250Z` as `2026-11-21 14:02 UTC`.
  private static func minute(_ time: JSONValue) -> String {
    guard let text = time.stringValue, text.count >= 16 else { return "?" }
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
  }
}
