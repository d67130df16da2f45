package import Model

/// One stored check.
package struct HealthSample: Hashable, Sendable {
  package var key: ResourceKey
  package var at: Timestamp
  package var isOK: Bool
  /// nil: the check failed.
  package var milliseconds: Double?

  package init(_ key: ResourceKey, at: Timestamp, isOK: Bool, milliseconds: Double?) {
    self.key = key
    self.at = at
    self.isOK = isOK
    self.milliseconds = milliseconds
  }
}

/// Checks: each one of the last day, older ones as summaries; and the health of each host when the daemon last stopped.
package protocol HealthStore: Sendable {
  func record(_ samples: [HealthSample], health: [ResourceKey: PersistedHealth]) async throws
  func persistedHealth() async throws -> [ResourceKey: PersistedHealth]
  /// Summarises complete windows and drops expired rows.
  func summarise(at now: Timestamp) async throws
  func checkStatistics(at now: Timestamp) async throws -> [ResourceKey: CheckStatistics]
}

/// How long checks and their summaries are kept.
enum HealthRetention {
  static let samples = 86400.0
  /// Width of a summary and its retention, both in seconds.
  static let summaries: [(width: Int, kept: Double)] = [(300, 7 * 86400), (hour, longest)]
  static let longest = 90 * 86400.0
  static let hour = 3600
  /// Rows per table; beyond that, the oldest are dropped before they expire.
  static let maximumRows = 3_000_000
}
