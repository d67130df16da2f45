package import Model

/// A write that is about to be made.
package struct ChangeIntent: Hashable, Sendable {
  package var run: Int
  package var key: ResourceKey
  package var action: String
  /// What it was called before, where it is renamed.
  package var former: ResourceKey?
  /// What NPM had before; nil where there was nothing.
  package var before: Spec?
  /// What it is to have afterwards; nil: nothing.
  package var after: Spec?
  /// Which object it is about, where there was one before.
  package var id: ResourceID?
  package var createdOn: String?
  /// What the YAML said of its life until then; nil: it was not ours.
  package var lifecycle: Lifecycle?
  package var at: Timestamp

  package init(
    run: Int, key: ResourceKey, action: String, former: ResourceKey? = nil, before: Spec? = nil, after: Spec? = nil,
    id: ResourceID? = nil, createdOn: String? = nil, lifecycle: Lifecycle? = nil, at: Timestamp
  ) {
    self.run = run
    self.key = key
    self.action = action
    self.former = former
    self.before = before
    self.after = after
    self.id = id
    self.createdOn = createdOn
    self.lifecycle = lifecycle
    self.at = at
  }
}

/// How a planned change ended.
package struct ChangeRecord: Hashable, Sendable {
  package enum Status: String, Sendable {
    case applied, failed
    /// NPM took it, and what visitors get does not show it.
    case unproven
    case notAttempted = "not_attempted"
  }

  package var key: ResourceKey
  package var action: String
  package var status: Status
  package var error: String?

  package init(key: ResourceKey, action: String, status: Status, error: String? = nil) {
    self.key = key
    self.action = action
    self.status = status
    self.error = error
  }
}

/// A change of an earlier run, with what was there before it, what was written, and how it ended.
package struct HistoryEntry: Hashable, Sendable {
  package var intent: ChangeIntent
  /// nil: the run was killed in the middle of it.
  package var outcome: ChangeRecord.Status?

  package init(_ intent: ChangeIntent, outcome: ChangeRecord.Status? = nil) {
    self.intent = intent
    self.outcome = outcome
  }
}
