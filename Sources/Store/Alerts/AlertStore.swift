package import Alerting
package import Model

/// A notification on its way to a receiver.
package struct OutboxEntry: Hashable, Sendable {
  package var number: Int
  package var receiver: String
  /// nil: what is stored cannot be read, as after a change of the program.
  package var notification: AlertNotification?
  package var createdAt: Timestamp
  /// Attempts so far.
  package var attempts: Int
  package var nextAt: Timestamp
}

/// Which alerts fire, what is still to be delivered, what is silenced.
package protocol AlertStore: Sendable {
  /// Alerts that fire. One that cannot be read, as after a change of the program, is left out: it fires again.
  func alerts() async throws -> [Alert]
  /// Replaces what fires, together with what is to be delivered of it: a kill in between loses nothing.
  func save(_ alerts: [Alert], notify: [(receiver: String, notification: AlertNotification)], at now: Timestamp)
    async throws

  /// What is to be delivered to a receiver, oldest first.
  func outbox(for receiver: String) async throws -> [OutboxEntry]
  /// By receiver, how many notifications wait.
  func pending() async throws -> [String: Int]
  func markDelivered(_ number: Int) async throws
  /// Counts an attempt that failed.
  func deferDelivery(_ number: Int, until next: Timestamp) async throws
  /// Drops what is for receivers that are no longer configured.
  func keepOutbox(of receivers: [String]) async throws

  /// - Returns: the number of the new silence.
  func addSilence(_ match: String, until: Timestamp, reason: String) async throws -> Int
  /// - Returns: whether there was one.
  func expireSilence(_ number: Int) async throws -> Bool
  /// Those that hold at that time.
  func silences(at now: Timestamp) async throws -> [Silence]

  /// Records a start of the daemon.
  ///
  /// - Returns: its starts within a week and the one before, the newest last.
  func recordStart(at now: Timestamp) async throws -> [Timestamp]
}
