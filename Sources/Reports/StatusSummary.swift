package import Reconciler
import Probe
import Model
package import Planning
import Platform
import Store

/// The result of a pass: what is in sync, what is not, and why.
package struct StatusSummary {
  /// Changes that were not applied: what still differs.
  package let open: [Change]
  let failed: [ChangeOutcome]
  /// Names of changes that failed, now or before, and did not succeed since.
  package let failing: [String]
  /// What differs in NPM, also where the policy forbids its repair.
  package let drifted: [Change]
  let counts: [(name: String, value: Int)]
  private let isRefused: Bool
  private let held: [Change]
  private let retryingCount: Int
  /// Hosts that a request to Let's Encrypt may have left without TLS and access control.
  private let bareCount: Int
  private let certificates: [Diagnostic]

  package init(_ planned: PlanResult, _ report: ApplyResult?) {
    let applied = Set((report?.outcomes ?? []).filter { $0.status == .applied }.map(\.change.key))
    open = planned.plan.changes.filter { !applied.contains($0.key) }
    failed = (report?.outcomes ?? []).filter { [.failed, .unproven].contains($0.status) }
    failing = failed.map(\.change.key.name) + planned.retrying.map(\.name).sorted()
    retryingCount = planned.retrying.count
    isRefused = !planned.refusals.isEmpty
    held = planned.plan.withheld
    let isRepaired = report != nil && report?.unrepaired == nil && planned.plan.policy != .observe
    bareCount = isRepaired ? 0 : planned.plan.hostsToRewrite.count
    certificates = planned.certificates.diagnostics
    drifted = (open + held).filter { change in
      change.cause == .drifted || change.fields.contains { $0.cause == .drifted || $0.cause == .both }
    }
    let kept = applied.subtracting(planned.plan.changes.filter { $0.action.isRemoval }.map(\.key))
    counts = [
      ("desired", planned.desired.resources.count),
      ("observed", planned.observedCount),
      ("owned", planned.plan.ownedCount),
      ("in_sync", planned.plan.unchanged.count + kept.count),
      ("pending", open.count { !$0.isBlocked }),
      ("blocked", open.count(where: \.isBlocked)),
      ("withheld", held.count),
      ("drifted", drifted.count),
      ("applied", applied.count),
      ("failed", failed.count),
    ]
  }

  var isInSync: Bool { open.isEmpty && held.isEmpty && bareCount == 0 }

  /// What is not done now, and why.
  private var waiting: String {
    let suspended = held.count { $0.suspension != nil }
    let parts = [
      (held.count - suspended - retryingCount, "held back by the policy"), (suspended, "suspended"),
      (retryingCount, "tried again later after a failure"),
    ]
    return parts.filter { $0.0 > 0 }.map { ", \($0.0) \($0.1)" }.joined()
  }

  var countsJSON: JSONValue {
    .object(Dictionary(uniqueKeysWithValues: counts.map { ($0.name, JSONValue.int($0.value)) }))
  }

  /// Kubernetes' format: type, status, reason, last transition.
  func conditions(since: [String: (status: String, since: String)], now: Timestamp) -> [JSONValue] {
    let blocked = open.count(where: \.isBlocked)
    let all: [(type: String, isTrue: Bool, reason: String, message: String)] = [
      (
        "InSync", isInSync,
        !open.isEmpty || bareCount > 0 ? "ChangesPending" : !held.isEmpty ? "HeldBackByPolicy" : "NothingToDo",
        isInSync
          ? "NPM is as the YAML says"
          : "\(open.count) differ from the YAML\(waiting)"
            + (bareCount > 0 ? ", \(bareCount) may be without TLS and access control" : "")
      ),
      (
        "Applied", failing.isEmpty && !isRefused,
        isRefused ? "Refused" : failing.isEmpty ? "Succeeded" : "ChangesFailed",
        failing.isEmpty ? "" : "failed: \(failing.joined(separator: ", "))"
      ),
      (
        "Unobstructed", blocked == 0, blocked == 0 ? "NothingBlocked" : "ChangesBlocked",
        blocked == 0 ? "" : "\(blocked) blocked"
      ),
      (
        "CertificatesValid", certificates.isEmpty,
        certificates.isEmpty ? "NoneEndsSoon" : certificates.hasErrors ? "EndingNow" : "EndingSoon",
        certificates.map(\.message).joined(separator: "; ")
      ),
    ]
    return all.map { Self.json($0, since: since, now: now) }
  }

  static func json(
    _ condition: (type: String, isTrue: Bool, reason: String, message: String),
    since: [String: (status: String, since: String)], now: Timestamp
  ) -> JSONValue {
    json(
      condition.type, condition.isTrue ? "True" : "False", condition.reason, condition.message, since: since, now: now)
  }

  /// - Parameter status: `True`, `False` or `Unknown`.
  static func json(
    _ type: String, _ status: String, _ reason: String, _ message: String,
    since: [String: (status: String, since: String)], now: Timestamp
  ) -> JSONValue {
    let old = since[type]
    let start = old?.status == status ? old?.since ?? now.iso8601 : now.iso8601
    return [
      "type": .string(type), "status": .string(status), "reason": .string(reason), "message": .string(message),
      "since": .string(start),
    ]
  }
}

/// The same as Markdown.
enum StatusMarkdown {
  /// Where the part about health begins.
  static let healthMark: MarkdownText = "\n## Health: "

  /// - Parameter health: the content of `health.json`.
  static func health(_ file: JSONValue) -> MarkdownText {
    let proxies = file["proxies"].arrayValue ?? []
    guard !proxies.isEmpty else { return "" }
    func count(_ word: String) -> Int { file["counts"][word].intValue ?? 0 }
    var lines: [MarkdownText] = [
      "\(healthMark)\(count("healthy")) of \(proxies.count) healthy, score \(file["score"].summary)"
    ]
    let bad = proxies.filter { $0["health"] == "unhealthy" }
    if !bad.isEmpty {
      lines += ["", "| host | since | problem |", "|---|---|---|"]
      lines += bad.map { proxy in
        "| \(proxy["name"].summary) | \(proxy["since"].summary) | \(proxy["problem"].stringValue ?? "") |"
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  static func text(
    _ planned: PlanResult, _ report: ApplyResult?, _ summary: StatusSummary, _ settings: ReconcileOptions,
    _ now: Timestamp
  ) -> MarkdownText {
    var lines: [MarkdownText] = [
      "# reconciler: \(summary.isInSync ? "in sync" : "\(summary.open.count) to do, \(planned.plan.withheld.count) held back")",
      "",
      "\(now.iso8601), owner \(settings.owner), NPM \(planned.observed.version) at \(settings.npmURL)", "",
      "| | |", "|---|---|",
    ]
    lines += summary.counts.map { "| \($0.name.replacing("_", with: " ")) | \($0.value) |" }
    if !summary.open.isEmpty {
      lines += ["", "| host | what | why |", "|---|---|---|"]
      lines += summary.open.map { change -> MarkdownText in
        let why = change.blockReason?.message ?? change.fields.map(\.path).joined(separator: ", ")
        return "| \(change.key.name) | \(change.action.kind.rawValue) | \(why) |"
      }
    }
    for outcome in summary.failed {
      lines += ["", "**\(outcome.change.key.name)** failed: \(outcome.error?.message ?? "unknown")"]
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
