import Model
package import Store

/// A run that `rollback` can go back to, as JSON.
package struct RunReport: Codable, Hashable, Sendable {
  package var run: Int
  package var startedAt: String
  @Nullable package var finishedAt: String?
  package var digest: String
  package var applied: Int
  package var failed: Int
  @Nullable package var commit: String?

  private enum CodingKeys: String, CodingKey {
    case run, digest, applied, failed, commit
    case startedAt = "started_at"
    case finishedAt = "finished_at"
  }

  package init(_ record: RunRecord) {
    run = record.number
    startedAt = record.startedAt.iso8601
    _finishedAt = Nullable(wrappedValue: record.finishedAt?.iso8601)
    digest = record.digest
    applied = record.applied
    failed = record.failed
    _commit = Nullable(wrappedValue: record.commit)
  }
}

/// What `rollback --list` prints.
package struct RunListReport: Codable, Hashable, Sendable {
  package var formatVersion = "1"
  package var runs: [RunReport]

  private enum CodingKeys: String, CodingKey {
    case runs
    case formatVersion = "format_version"
  }

  package init(_ runs: [RunRecord]) { self.runs = runs.map(RunReport.init) }
}
