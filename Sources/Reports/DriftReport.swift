package import Model
import NPMClient
import Planning
package import Reconciler

/// `drift.json`: what was changed in NPM and not repaired.
package struct DriftReport: Codable, Hashable, Sendable {
  package struct Field: Codable, Hashable, Sendable {
    package var path: String
    package var desired: JSONValue
    package var observed: JSONValue
  }
  package struct Entry: Codable, Hashable, Sendable {
    package var kind: String
    package var name: String
    package var fields: [Field]
    /// When it was first found.
    package var since: ReportTime
    /// Who changed it last, as in NPM's audit log.
    @Nullable package var by: String?
    /// NPM's own time of that, in minutes.
    @Nullable package var changedAt: String?

    private enum CodingKeys: String, CodingKey {
      case kind, name, fields, since, by
      case changedAt = "changed_at"
    }
  }

  package var formatVersion = "1"
  package var checkedAt: ReportTime
  package var drift: [Entry]

  private enum CodingKeys: String, CodingKey {
    case drift
    case formatVersion = "format_version"
    case checkedAt = "checked_at"
  }

  package init(_ drift: [Entry], at now: Timestamp) {
    checkedAt = ReportTime(now)
    self.drift = drift
  }

  package init(_ planned: PlanResult, _ summary: ReconcileSummary, at now: Timestamp) {
    checkedAt = ReportTime(now)
    drift = summary.drifted.map { change in
      let author = change.ref.flatMap { planned.authors[$0] }
      return Entry(
        kind: change.key.kind.rawValue, name: change.key.name,
        fields: change.fields.filter { $0.cause != .desiredEdited }.map {
          Field(path: $0.path, desired: $0.after, observed: $0.before)
        }, since: ReportTime(now), by: author?.user, changedAt: author?.minute)
    }
  }

  /// Entries that were there before keep their time.
  package func keepingTimes(of before: DriftReport) -> DriftReport {
    let times = Dictionary(firstOf: before.drift.map { ("\($0.kind)/\($0.name)", $0.since) })
    var report = self
    report.drift = drift.map { entry in
      var kept = entry
      kept.since = times["\(entry.kind)/\(entry.name)"] ?? entry.since
      return kept
    }
    return report
  }
}
