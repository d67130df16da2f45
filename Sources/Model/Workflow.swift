/// Work that the daemon does because it was told to, in the order of a queue.
package enum WorkflowKind: String, CaseIterable, Codable, Sendable {
  case validate, diff, apply, health, verify, rollback
  /// A write by the HTTP API: a change of the desired files, and what a reconciliation made of it.
  case write

  /// Whether it writes to NPM: of those, one runs at a time.
  package var writes: Bool { [.apply, .rollback, .write].contains(self) }
}

/// What a workflow is told. Nothing in it lifts a guard.
package struct WorkflowParameters: Hashable, Codable, Sendable {
  /// Names, or labels as `key=value`; empty: everything.
  package var select: [String] = []
  /// The digest of the one plan that may be applied; nil: whatever is planned.
  package var plan: String?
  /// The run whose result is to come back; nil: the one before the last that changed something.
  package var run: Int?

  package init() {}
}

/// One workflow, from its start to what became of it.
package struct WorkflowRecord: Hashable, Sendable {
  package enum State: String, CaseIterable, Codable, Sendable {
    case queued, running, succeeded, failed, cancelled
    /// The daemon ended while it ran; what it began is finished by the next reconciliation.
    case interrupted

    package var isFinal: Bool { self != .queued && self != .running }
  }

  package var id: String
  package var kind: WorkflowKind
  package var parameters: WorkflowParameters
  package var state = State.queued
  /// The name of the token that started it; empty: none was needed.
  package var startedBy: String
  /// Of the token; nil: none was needed.
  package var tokenDigest: String?
  package var correlation: String
  /// A caller's own name for it: a second start with the same is the first one.
  package var idempotencyKey: String?
  package var createdAt: Timestamp
  package var startedAt: Timestamp?
  package var finishedAt: Timestamp?
  /// What the command of the same name prints as JSON; nil: it has not ended, or there is none.
  package var result: JSONValue?
  package var error: WorkflowError?
  /// Of the command of the same name; nil: it has not ended.
  package var exitCode: Int?

  package init(
    id: String, kind: WorkflowKind, parameters: WorkflowParameters = WorkflowParameters(), startedBy: String = "",
    tokenDigest: String? = nil, correlation: String = "", idempotencyKey: String? = nil, createdAt: Timestamp
  ) {
    self.id = id
    self.kind = kind
    self.parameters = parameters
    self.startedBy = startedBy
    self.tokenDigest = tokenDigest
    self.correlation = correlation
    self.idempotencyKey = idempotencyKey
    self.createdAt = createdAt
  }
}

/// Why a workflow failed.
package struct WorkflowError: Hashable, Codable, Sendable {
  package var code: String
  package var message: String
  package var hint: String?

  package init(_ diagnostic: Diagnostic) {
    code = diagnostic.code.rawValue
    message = diagnostic.message
    hint = diagnostic.hint
  }
}
