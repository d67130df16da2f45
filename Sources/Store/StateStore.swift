package import Model
package import Platform

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

/// One pass that wrote or could have written.
package struct RunRecord: Hashable, Sendable {
  package var number: Int
  package var startedAt: Timestamp
  /// nil: it never ended; it was killed.
  package var finishedAt: Timestamp?
  package var digest: String
  package var applied: Int
  package var failed: Int
  /// The commit that it brought about; nil: the files were none of a repository's.
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

/// What the store says when it cannot serve.
package struct StoreError: Error, Equatable, Sendable, CustomStringConvertible {
  package var code: DiagnosticCode
  package var message: String
  package var hint: String?

  package init(_ code: DiagnosticCode, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }

  package var description: String { message }
  package var diagnostic: Diagnostic { Diagnostic(code, message, hint: hint) }
}

/// What the ledger looks like after a write.
package enum LedgerUpdate: Sendable {
  case keep
  case put(LedgerEntry)
  case remove
  /// The row of another name becomes this one.
  case rename(from: ResourceKey, to: LedgerEntry)
}

/// Our memory: ledger, journal, runs, events, pauses. Each method is all or nothing. Throws `StoreError`.
package protocol StateStore: EventStore, SuspensionStore, CertificateRequestStore, WitnessStore {
  /// The NPM that the store belongs to; nil before its first apply.
  func boundNPM() async throws -> String?
  func bind(npm: String) async throws

  /// What seals of secrets are made with; kept apart from the seals. Without it they only say that something may have
  /// changed.
  func fingerprintKey() async throws -> [UInt8]

  func ledger() async throws -> [LedgerEntry]
  /// Drops rows whose objects are gone on both sides.
  func forget(_ keys: [ResourceKey]) async throws
  /// Replaces rows that lack what needs no write to NPM.
  func remember(_ entries: [LedgerEntry]) async throws

  /// Opens a run; returns its number.
  func beginRun(digest: String, commit: String?, at: Timestamp) async throws -> Int
  func finishRun(_ number: Int, applied: Int, failed: Int, at: Timestamp) async throws
  /// Newest first.
  func runs(limit: Int) async throws -> [RunRecord]
  /// Changes of all runs after `run`, newest first.
  func history(after run: Int) async throws -> [HistoryEntry]
  /// Drops runs that began before `time` and their changes, but never the newest run.
  func dropHistory(before time: Timestamp) async throws

  /// Announces a write before it is made: the journal row and the ledger's claim, together.
  func begin(_ change: ChangeIntent, claim: LedgerUpdate) async throws -> Int
  /// Records how it ended, together with what the ledger then says.
  func settle(_ intent: Int, _ record: ChangeRecord, ledger: LedgerUpdate, at: Timestamp) async throws
  /// Writes that were announced and never recorded.
  func openIntents() async throws -> [Intent]
  /// Closes an intent of a run that is dead.
  func abandon(_ intent: Int, at: Timestamp) async throws

  /// Makes us the writer, unless another one lives: then that one is returned, and nothing has changed.
  func claim(_ writer: LeaseHolder) async throws -> LeaseResult
  /// Says that the writer lives.
  func beat(_ writer: LeaseHolder, at: Timestamp) async throws
  func release(_ writer: LeaseHolder) async throws
}

extension StateStore {
  /// Opens a run for files that are none of a repository's.
  package func beginRun(digest: String, at: Timestamp) async throws -> Int {
    try await beginRun(digest: digest, commit: nil, at: at)
  }
}
