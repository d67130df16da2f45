package import Model

/// A write that was announced and not yet recorded as done: what a killed run leaves behind.
package struct Intent: Hashable, Sendable {
  package var number: Int
  package var run: Int
  package var key: ResourceKey
  package var action: String
  package var at: Timestamp

  package init(number: Int, run: Int, key: ResourceKey, action: String, at: Timestamp) {
    self.number = number
    self.run = run
    self.key = key
    self.action = action
    self.at = at
  }
}

/// How a write changes a row of the ledger.
package enum LedgerUpdate: Sendable {
  case keep
  case put(LedgerEntry)
  case remove
  /// Moves the row of another name to this one.
  case rename(from: ResourceKey, to: LedgerEntry)
}

/// The last written values by name, and the journal of writes: both change together, with the event that tells of it.
package protocol LedgerStore: Sendable {
  /// Sorted by kind and name.
  func entries() async throws -> [LedgerEntry]
  /// Drops rows whose objects exist neither in the YAML nor in NPM.
  func remove(_ keys: [ResourceKey]) async throws
  /// Replaces rows whose missing values need no write to NPM.
  func put(_ entries: [LedgerEntry]) async throws
  /// Records that a write of ours to another object changed this object's modification time.
  func recordRewrite(of object: ObjectRef, modifiedOn: String) async throws

  /// Announces a write before it is made: the journal row and the ledger's claim, in one transaction.
  ///
  /// - Returns: the number of the intent.
  func begin(_ change: ChangeIntent, claim: LedgerUpdate) async throws -> Int
  /// Records how a write ended, the change to the ledger and the event of it, in one transaction.
  func complete(_ intent: Int, _ record: ChangeRecord, ledger: LedgerUpdate, event: Event, at: Timestamp) async throws
  /// Writes that were announced but never recorded as done.
  func openIntents() async throws -> [Intent]
  /// Closes an intent of a dead run.
  func abandon(_ intent: Int, at: Timestamp) async throws
}
