package import Model
import Platform
package import Probe

/// `health.json`: the state of every watched host.
enum HealthFile {
  static func json(_ view: HealthSnapshot) -> JSONValue {
    [
      "format_version": "1", "written_at": .string(view.at.iso8601), "counts": .object(counts(view)),
      "score": view.score.map { .int($0) } ?? .null, "proxies": .array(view.records.map { proxy($0, view) }),
    ]
  }

  private static func counts(_ view: HealthSnapshot) -> [String: JSONValue] {
    Dictionary(uniqueKeysWithValues: Health.allCases.map { ($0.rawValue, .int(view.count($0))) })
  }

  private static func proxy(_ record: HealthState.Record, _ view: HealthSnapshot) -> JSONValue {
    let windows = view.statistics(of: record)
    let objective = record.target.objective
    var members: [String: JSONValue] = [
      "name": .string(record.target.name), "target": .string(record.target.target.url),
      "health": .string(record.health.rawValue), "since": .string(record.memory.tracker.since.iso8601),
      "checked_at": record.memory.checkedAt.map { .string($0.iso8601) } ?? .null,
      "failures_in_a_row": .int(record.memory.tracker.failures),
      "steps": .array(record.last?.direct.steps.map(\.json) ?? []),
      "cause": record.last?.failureCause.map { .string($0.rawValue) } ?? .null,
      "problem": record.last?.problem.map { .string($0) } ?? .null,
      "score": view.score(of: record).map { .int($0) } ?? .null,
      "availability": [
        "24h": share(windows.day.availability), "7d": share(windows.week.availability),
        "30d": share(windows.month.availability),
      ],
      "latency_ms": [
        "p50": tenth(windows.day.latencies.percentile(0.5)), "p95": tenth(windows.day.latencies.percentile(0.95)),
        "p99": tenth(windows.day.latencies.percentile(0.99)),
      ],
      "slo": [
        "availability": .double(objective.availability), "latency_ms": .double(objective.latency),
        "error_budget": share(objective.budget(windows)), "burn_rate": share(objective.burnRate(windows)),
        "missed": .array(objective.misses(windows).map { .string($0) }),
      ],
    ]
    if let front = record.last?.front {
      members["through_npm"] = [
        "ok": .bool(front.isOK), "detail": .string(front.summary), "ms": .double(front.milliseconds),
      ]
    }
    return .object(members)
  }

  private static func share(_ value: Double?) -> JSONValue {
    value.map { .double(($0 * 100_000).rounded() / 100_000) } ?? .null
  }

  private static func tenth(_ value: Double?) -> JSONValue { value.map { .double(($0 * 10).rounded() / 10) } ?? .null }
}

extension HealthSnapshot {
  /// `True`, `False` or `Unknown`, a reason and a message.
  var condition: (status: String, reason: String, message: String) {
    let bad = records.filter { $0.health == .unhealthy }.map(\.target.name)
    let known = "\(count(.healthy)) of \(records.count) healthy"
    guard bad.isEmpty else {
      return ("False", "Unhealthy", "unhealthy: \(bad.shortened)")
    }
    return count(.unknown) > 0 ? ("Unknown", "NotAllKnown", known) : ("True", "NoneUnhealthy", known)
  }
}

extension ProbeStep {
  /// As in the contract; unknown values are left out.
  package var json: JSONValue {
    var members: [String: JSONValue] = ["step": .string(step.rawValue), "status": .string(status.rawValue)]
    if let milliseconds { members["ms"] = .double(milliseconds) }
    if let detail { members["detail"] = .string(detail) }
    if let error { members["error"] = .string(error) }
    if let hint { members["hint"] = .string(hint) }
    return .object(members)
  }
}
