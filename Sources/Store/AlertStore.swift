package import Platform

/// A notice on its way to a sink.
package struct OutboxRow: Hashable, Sendable {
  package var number: Int
  package var sink: String
  /// In the words of those who send it.
  package var notice: String
  package var createdAt: Timestamp
  /// Attempts so far.
  package var attempts: Int
  package var nextAt: Timestamp
}

/// A silence as it is kept.
package struct SilenceRow: Hashable, Sendable {
  package var number: Int
  package var match: String
  package var until: Timestamp
  package var reason: String
}

/// The memory of alerts: what fires, what is still to be told, what is silent. Each method is all or nothing. Throws
/// `StoreError`.
package protocol AlertStore: Sendable {
  /// What fires, by key, in the words of those who decide.
  func alerts() async throws -> [String: String]
  /// Replaces what fires, together with what is to be told of it: a kill in between loses nothing.
  func saveAlerts(_ alerts: [String: String], notices: [(sink: String, notice: String)], at now: Timestamp) async throws

  /// What is to be told to a sink, oldest first.
  func outbox(_ sink: String) async throws -> [OutboxRow]
  /// By sink, how many notices wait.
  func pending() async throws -> [String: Int]
  func markDelivered(_ number: Int) async throws
  func deferDelivery(_ number: Int, next: Timestamp) async throws
  /// Drops what is for sinks that there no longer are.
  func keepOutbox(of sinks: [String]) async throws

  /// Returns its number.
  func silence(_ match: String, until: Timestamp, reason: String) async throws -> Int
  /// Whether there was one.
  func expireSilence(_ number: Int) async throws -> Bool
  /// Those that are not over.
  func silences(at now: Timestamp) async throws -> [SilenceRow]

  /// Remembers that the daemon began; returns its starts within a week and the one before, the newest last.
  func noteStart(at now: Timestamp) async throws -> [Timestamp]
}
