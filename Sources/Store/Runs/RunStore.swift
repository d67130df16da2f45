package import Model

/// One reconciliation that wrote or could have written.
package struct RunRecord: Hashable, Sendable {
  package var number: Int
  package var startedAt: Timestamp
  /// nil: it was killed before it ended.
  package var finishedAt: Timestamp?
  package var digest: String
  package var applied: Int
  package var failed: Int
  /// The commit that it applied; nil: the desired files are not in a repository.
  package var commit: String?

  package init(
    number: Int, startedAt: Timestamp, finishedAt: Timestamp?, digest: String, applied: Int, failed: Int,
    commit: String? = nil
  ) {
    self.number = number
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.digest = digest
    self.applied = applied
    self.failed = failed
    self.commit = commit
  }
}

/// Runs and their changes, as read by a rollback.
package protocol RunStore: Sendable {
  /// Opens a run.
  ///
  /// - Returns: its number.
  func beginRun(digest: String, commit: String?, at: Timestamp) async throws -> Int
  func finishRun(_ number: Int, applied: Int, failed: Int, at: Timestamp) async throws
  /// Newest first.
  ///
  /// - Parameter number: only those before this one; nil: all.
  func runs(before number: Int?, limit: Int) async throws -> [RunRecord]
  /// Changes of all runs after `run`, newest first.
  func history(after run: Int) async throws -> [HistoryEntry]
  /// Drops runs that began before `time`, with their changes, but never the newest run.
  func dropHistory(before time: Timestamp) async throws
}

extension RunStore {
  /// Newest first.
  package func runs(limit: Int) async throws -> [RunRecord] { try await runs(before: nil, limit: limit) }

  /// Opens a run for files that are not in a repository.
  package func beginRun(digest: String, at: Timestamp) async throws -> Int {
    try await beginRun(digest: digest, commit: nil, at: at)
  }
}
