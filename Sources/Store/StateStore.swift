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

/// One lap that wrote or could have written.
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

/// An event as it was recorded.
package struct RecordedEvent: Hashable, Sendable {
  package var number: Int
  package var at: Timestamp
  package var event: Event

  package init(number: Int, at: Timestamp, event: Event) {
    self.number = number
    self.at = at
    self.event = event
  }
}

/// Which events are asked for.
package struct EventFilter: Hashable, Sendable {
  package var since: Timestamp?
  package var severities: Set<Event.Severity> = []
  package var sources: Set<String> = []
  package var run: Int?
  /// Only those that came after the one with this number.
  package var after: Int?
  /// The newest so many.
  package var limit = 100

  package init() {}
}

/// What is left alone.
package enum PauseSubject: Hashable, Sendable {
  case everything
  case resource(ResourceKey)

  /// `*`, or `proxy_host/jellyfin`.
  package var text: String {
    switch self {
    case .everything: "*"
    case .resource(let key): key.path
    }
  }

  package init?(text: String) {
    if text == "*" {
      self = .everything
      return
    }
    let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    self = .resource(ResourceKey(ResourceKind(rawValue: parts[0]), parts[1]))
  }
}

/// A wish to leave something alone, said on the command line.
package struct Pause: Hashable, Sendable {
  package var subject: PauseSubject
  /// nil: until somebody resumes it.
  package var until: Timestamp?
  package var reason: String
  package var begunAt: Timestamp

  package init(_ subject: PauseSubject, until: Timestamp?, reason: String, begunAt: Timestamp) {
    self.subject = subject
    self.until = until
    self.reason = reason
    self.begunAt = begunAt
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

/// Our memory: ledger, journal, runs, events. Each method is all or nothing. Throws `StoreError`.
package protocol StateStore: Sendable {
  /// The NPM that the store belongs to; nil before its first apply.
  func boundNPM() async throws -> String?
  func bind(npm: String) async throws

  /// What seals of secrets are made with; kept apart from the seals. Without it they only say that something may have
  /// changed.
  func sealKey() async throws -> [UInt8]

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
  func history(after run: Int) async throws -> [PastChange]
  /// Drops runs that began before `time` and their changes, but never the newest run.
  func dropHistory(before time: Timestamp) async throws

  /// Announces a write before it is made: the journal row and the ledger's claim, together.
  func begin(_ change: ChangeRecordDraft, claim: LedgerUpdate) async throws -> Int
  /// Records how it ended, together with what the ledger then says.
  func settle(_ intent: Int, _ record: ChangeRecord, ledger: LedgerUpdate, at: Timestamp) async throws
  /// Writes that were announced and never recorded.
  func openIntents() async throws -> [Intent]
  /// Closes an intent of a run that is dead.
  func abandon(_ intent: Int, at: Timestamp) async throws

  /// Remembers that Let's Encrypt is asked for these names, before it is: the request is open. Returns its number.
  func noteRequest(_ names: [String], at: Timestamp) async throws -> Int
  /// It is over, and the hosts that it laid bare are whole again.
  func closeRequest(_ number: Int) async throws
  func openRequests() async throws -> [OpenRequest]
  /// The names of each request since then.
  func requests(since: Timestamp) async throws -> [[String]]

  /// Makes us the writer, unless another one lives: then that one is returned, and nothing has changed.
  func claim(_ writer: Writer) async throws -> WriterClaim
  /// Says that the writer lives.
  func beat(_ writer: Writer, at: Timestamp) async throws
  func release(_ writer: Writer) async throws

  func append(_ event: Event, at: Timestamp) async throws
  /// Oldest first.
  func events(_ filter: EventFilter) async throws -> [RecordedEvent]
  /// Drops events from before `time`, and the oldest beyond the newest `count`.
  func dropEvents(before time: Timestamp, keeping count: Int) async throws

  /// Leaves a resource, or everything, alone until then, or until somebody resumes it.
  func pause(_ pause: Pause) async throws
  /// Whether it was paused.
  func resume(_ subject: PauseSubject) async throws -> Bool
  /// Those that are not over.
  func pauses(at now: Timestamp) async throws -> [Pause]
}

extension StateStore {
  /// Opens a run for files that are none of a repository's.
  package func beginRun(digest: String, at: Timestamp) async throws -> Int {
    try await beginRun(digest: digest, commit: nil, at: at)
  }
}
