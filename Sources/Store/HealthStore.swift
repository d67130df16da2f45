package import Model
package import Platform

/// One check, as it is remembered.
package struct HealthSample: Hashable, Sendable {
  package var name: String
  package var at: Timestamp
  package var isOK: Bool
  /// nil: it failed.
  package var milliseconds: Double?

  package init(name: String, at: Timestamp, isOK: Bool, milliseconds: Double?) {
    self.name = name
    self.at = at
    self.isOK = isOK
    self.milliseconds = milliseconds
  }
}

/// The memory of checks: every one for a day, then summaries. Each method is all or nothing. Throws `StoreError`.
package protocol HealthStore: Sendable {
  /// - Parameter memories: what a monitor that starts again wants to know of each host, in its own words.
  func record(_ samples: [HealthSample], memories: [String: String]) async throws
  func persistedHealth() async throws -> [String: String]
  /// Summarises what is complete, and drops what is too old.
  func summarise(at now: Timestamp) async throws
  /// By host.
  func checkStatistics(at now: Timestamp) async throws -> [String: CheckStatistics]
}

/// How long checks and their summaries are kept.
enum HealthRetention {
  static let samples = 86400.0
  /// Width of a summary in seconds, and seconds for which it is kept.
  static let summaries: [(width: Int, kept: Double)] = [(300, 7 * 86400), (hour, 90 * 86400)]
  static let hour = 3600
  /// Rows of a table beyond which the oldest go before their time.
  static let maximumRows = 3_000_000
}
