import DesiredFiles
import FoundationEssentials
import Metrics
package import Reconciler
package import Probe
package import Model
import NPMClient
import Planning
import Platform

/// Writes the result of a pass to files for people and scripts, each replaced atomically.
package struct StatusFiles: Sendable {
  private let directory: String
  private let settings: ReconcileOptions

  package init(directory: String, settings: ReconcileOptions) {
    self.directory = directory
    self.settings = settings
  }

  /// - Parameters:
  ///   - report: the result of an apply; nil after a mere diff.
  ///   - view: what the monitor knows; nil: no monitor runs, and what was written last stays.
  package func write(_ planned: PlanResult, _ report: ApplyResult?, _ view: HealthSnapshot? = nil, at now: Timestamp)
    throws
  {
    try Files.createDirectory(directory)
    let summary = StatusSummary(planned, report)
    let before = Self.conditions(of: read("status.json"))
    let drift = driftJSON(planned, summary, now)
    try put("drift.json", drift)
    let health = view.map(HealthFile.json) ?? read("health.json") ?? .null
    var status = statusJSON(planned, report, summary, since: before, now)
    if let view {
      try put("health.json", health)
      status = Self.adding(view, to: status, since: before)
    }
    try put("status.json", status)
    try publish(status, drift, health, StatusMarkdown.text(planned, report, summary, settings, now))
  }

  /// Writes what the monitor knows, between two passes.
  package func write(_ view: HealthSnapshot) throws {
    try Files.createDirectory(directory)
    let health = HealthFile.json(view)
    try put("health.json", health)
    let old = read("status.json")
    let status = Self.adding(view, to: old ?? ["format_version": "1"], since: Self.conditions(of: old))
    try put("status.json", status)
    // The part of the last pass is above.
    let page = (try? Files.read("\(directory)/status.md")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    let planned = page.firstRange(of: StatusMarkdown.healthMark.raw).map { String(page[..<$0.lowerBound]) } ?? page
    try publish(status, read("drift.json") ?? .null, health, MarkdownText(trusted: planned))
  }

  /// Sets a condition in the last written files, about what a pass does not see.
  package func set(_ type: String, _ status: String, reason: String, _ message: String, since: Timestamp) throws {
    let heading = status == "Unknown" ? "not known" : "see below"
    try set(
      type, status, reason: reason, message, since: since,
      page: "# reconciler: \(heading)\n\n**\(type)**: \(message)\n")
  }

  /// Marks the files as older than a partial run that changed something.
  package func outdate(by command: String, run: Int, at now: Timestamp) throws {
    guard read("status.json") != nil else { return }
    let message = "run \(run) (\(command)) changed NPM since; the next diff --write-status or apply looks again"
    try set(
      "InSync", "Unknown", reason: "ChangedSince", message, since: now, page: "# reconciler: outdated\n\n\(message)\n")
  }

  private func set(
    _ type: String, _ status: String, reason: String, _ message: String, since: Timestamp, page: MarkdownText
  ) throws {
    let condition: JSONValue = [
      "type": .string(type), "status": .string(status), "reason": .string(reason), "message": .string(message),
      "since": .string(since.iso8601),
    ]
    try Files.createDirectory(directory)
    let file = Self.replacing(condition, in: read("status.json") ?? ["format_version": "1"])
    try put("status.json", file)
    try publish(file, read("drift.json") ?? .null, read("health.json") ?? .null, page)
  }

  /// Writes the files that are derived from the JSON files.
  ///
  /// - Parameter page: the part of `status.md` above the health section.
  private func publish(_ status: JSONValue, _ drift: JSONValue, _ health: JSONValue, _ page: MarkdownText) throws {
    try Files.replace("\(directory)/status.md", with: Array((page + StatusMarkdown.health(health)).raw.utf8))
    let metrics = PrometheusText.text(StatusMetrics.families(status, drift, health))
    try Files.replace("\(directory)/metrics.prom", with: Array(metrics.utf8))
  }

  /// Adds the health of hosts; it is as old as the file reports, if the file already was outdated.
  private static func adding(_ view: HealthSnapshot, to status: JSONValue, since: [String: Since]) -> JSONValue {
    let (word, reason, message) = view.condition
    return replacing(
      StatusSummary.json("Healthy", word, reason, message, since: since, now: .now), in: status)
  }

  private static func replacing(_ condition: JSONValue, in status: JSONValue) -> JSONValue {
    var file = status.objectValue ?? [:]
    var conditions = file["conditions"]?.arrayValue ?? []
    if let index = conditions.firstIndex(where: { $0["type"] == condition["type"] }) {
      conditions[index] = condition
    } else {
      conditions.append(condition)
    }
    file["conditions"] = .array(conditions)
    return .object(file)
  }

  private func put(_ name: String, _ value: JSONValue) throws {
    try Files.replace("\(directory)/\(name)", with: Array((JSONOutput.pretty(value) + "\n").utf8))
  }

  private func statusJSON(
    _ planned: PlanResult, _ report: ApplyResult?, _ summary: StatusSummary, since: [String: Since], _ now: Timestamp
  ) -> JSONValue {
    [
      "format_version": "1",
      "owner": .string(settings.owner),
      "policy": .string(settings.policy.rawValue),
      "npm": ["url": .string(settings.npmURL), "version": .string(planned.observed.version.description)],
      "digest": .string(planned.plan.digest),
      "commit": settings.commit.map {
        ["hash": .string($0.hash), "author": .string($0.author), "subject": .string($0.subject)]
      } ?? .null,
      "last_reconcile": [
        "at": .string(now.iso8601), "command": report == nil ? "diff" : "apply",
        "run": report?.run.map { .int($0) } ?? .null,
        "seconds": report.map { .double(($0.seconds * 1000).rounded() / 1000) } ?? .null,
      ],
      "counts": summary.countsJSON,
      "conditions": .array(summary.conditions(since: since, now: now)),
    ]
  }

  private typealias Since = (status: String, since: String)

  /// The status of each condition in a file, and when it last changed.
  private static func conditions(of file: JSONValue?) -> [String: Since] {
    var known: [String: Since] = [:]
    for condition in file?["conditions"].arrayValue ?? [] {
      guard let type = condition["type"].stringValue, let status = condition["status"].stringValue else { continue }
      known[type] = (status, condition["since"].stringValue ?? "")
    }
    return known
  }

  private func driftJSON(_ planned: PlanResult, _ summary: StatusSummary, _ now: Timestamp) -> JSONValue {
    var since: [String: JSONValue] = [:]
    for entry in read("drift.json")?["drift"].arrayValue ?? [] {
      since["\(entry["kind"].stringValue ?? "")/\(entry["name"].stringValue ?? "")"] = entry["since"]
    }
    let entries = summary.drifted.map { change -> JSONValue in
      let fields = change.fields.filter { $0.cause != .desiredEdited }.map { field -> JSONValue in
        ["path": .string(field.path), "desired": field.after, "observed": field.before]
      }
      let author = change.ref.flatMap { planned.authors[$0] }
      return [
        "kind": .string(change.key.kind.rawValue), "name": .string(change.key.name), "fields": .array(fields),
        "since": since[change.key.path] ?? .string(now.iso8601),
        "by": author.map { .string($0.user) } ?? .null, "changed_at": author.map { .string($0.minute) } ?? .null,
      ]
    }
    return ["format_version": "1", "checked_at": .string(now.iso8601), "drift": .array(entries)]
  }

  private func read(_ name: String) -> JSONValue? {
    guard let bytes = try? Files.read("\(directory)/\(name)") else { return nil }
    return try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))
  }
}
