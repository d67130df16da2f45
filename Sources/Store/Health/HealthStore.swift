package import Model

/// One check, as it is stored.
package struct HealthSample: Hashable, Sendable {
  package var key: ResourceKey
  package var at: Timestamp
  package var isOK: Bool
  /// nil: it failed.
  package var milliseconds: Double?

  package init(_ key: ResourceKey, at: Timestamp, isOK: Bool, milliseconds: Double?) {
    self.key = key
    self.at = at
    self.isOK = isOK
    self.milliseconds = milliseconds
  }
}

/// Checks: each of the last day, then summaries; and the health of each host at the end of the last run of the daemon.
package protocol HealthStore: Sendable {
  func record(_ samples: [HealthSample], health: [ResourceKey: PersistedHealth]) async throws
  func persistedHealth() async throws -> [ResourceKey: PersistedHealth]
  /// Summarises what is complete, and drops what is too old.
  func summarise(at now: Timestamp) async throws
  func checkStatistics(at now: Timestamp) async throws -> [ResourceKey: CheckStatistics]
}

/// How long checks and their summaries are kept.
enum HealthRetention {
  static let samples = 86400.0
  /// Width of a summary in seconds, and seconds for which it is kept.
  static let summaries: [(width: Int, kept: Double)] = [(300, 7 * 86400), (hour, 90 * 86400)]
  static let hour = 3600
  /// Rows of a table beyond which the oldest are dropped before their time.
  static let maximumRows = 3_000_000
}
