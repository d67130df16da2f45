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

/// What becomes of a row of the ledger with a write.
package enum LedgerUpdate: Sendable {
  case keep
  case put(LedgerEntry)
  case remove
  /// The row of another name becomes this one.
  case rename(from: ResourceKey, to: LedgerEntry)
}

/// What we wrote last, by name, and the journal of writes that goes with it: the two change together.
package protocol LedgerStore: Sendable {
  /// By kind and name.
  func entries() async throws -> [LedgerEntry]
  /// Drops rows whose objects are gone on both sides.
  func remove(_ keys: [ResourceKey]) async throws
  /// Replaces rows that lack what needs no write to NPM.
  func put(_ entries: [LedgerEntry]) async throws
  /// A write of ours to another object moved the time of the last change of this one.
  func recordRewrite(of object: ObjectRef, modifiedOn: String) async throws

  /// Announces a write before it is made: the journal row and the ledger's claim, together.
  ///
  /// - Returns: the number of the intent.
  func begin(_ change: ChangeIntent, claim: LedgerUpdate) async throws -> Int
  /// Records how a write ended, together with what becomes of the ledger.
  func complete(_ intent: Int, _ record: ChangeRecord, ledger: LedgerUpdate, at: Timestamp) async throws
  /// Writes that were announced and never recorded.
  func openIntents() async throws -> [Intent]
  /// Closes an intent of a run that is dead.
  func abandon(_ intent: Int, at: Timestamp) async throws
}
