package import Alerting
package import Model

/// A notification queued for a receiver.
package struct OutboxEntry: Hashable, Sendable {
  package var number: Int
  package var receiver: String
  /// nil: the stored value cannot be decoded, for example after an upgrade.
  package var notification: AlertNotification?
  package var createdAt: Timestamp
  /// Attempts so far.
  package var attempts: Int
  package var nextAt: Timestamp

  package init(
    number: Int, receiver: String, notification: AlertNotification?, createdAt: Timestamp, attempts: Int,
    nextAt: Timestamp
  ) {
    self.number = number
    self.receiver = receiver
    self.notification = notification
    self.createdAt = createdAt
    self.attempts = attempts
    self.nextAt = nextAt
  }
}

/// Firing alerts, pending deliveries and silences.
package protocol AlertStore: Sendable {
  /// Firing alerts. One that cannot be decoded, for example after an upgrade, is left out: it fires again.
  func alerts() async throws -> [Alert]
  /// Replaces the firing alerts together with their deliveries: a kill in between loses nothing.
  ///
  /// - Returns: the numbers of the deliveries, in their order.
  @discardableResult
  func save(_ alerts: [Alert], notify: [(receiver: String, notification: AlertNotification)], at now: Timestamp)
    async throws -> [Int]

  /// Pending deliveries to a receiver, oldest first.
  func outbox(for receiver: String) async throws -> [OutboxEntry]
  /// The number of pending notifications by receiver.
  func pending() async throws -> [String: Int]
  func markDelivered(_ number: Int) async throws
  /// Counts a failed attempt.
  func deferDelivery(_ number: Int, until next: Timestamp) async throws
  /// Drops the deliveries to receivers that are no longer configured.
  func keepOutbox(of receivers: [String]) async throws

  /// - Returns: the number of the new silence.
  func addSilence(_ match: String, until: Timestamp, reason: String) async throws -> Int
  /// - Returns: whether it existed.
  func expireSilence(_ number: Int) async throws -> Bool
  /// Silences that are active at that time.
  func silences(at now: Timestamp) async throws -> [Silence]

  /// Records a start of the daemon.
  ///
  /// - Returns: its starts within a week and the one before, newest last.
  func recordStart(at now: Timestamp) async throws -> [Timestamp]
}
