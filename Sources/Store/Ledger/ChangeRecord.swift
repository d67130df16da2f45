package import Model

/// A write that is about to be made.
package struct ChangeIntent: Hashable, Sendable {
  package var run: Int
  package var key: ResourceKey
  package var action: String
  /// Its former name, for a rename.
  package var former: ResourceKey?
  /// The value in NPM before; nil: there was none.
  package var before: Spec?
  /// The value after; nil: none.
  package var after: Spec?
  /// The object's number in NPM, if it existed before.
  package var id: ResourceID?
  package var createdOn: String?
  /// Its lifecycle in the YAML until then; nil: it was not managed.
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
    /// NPM accepted it, but the data plane does not show it.
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

/// A change of an earlier run: the value before, the value written, and the outcome.
package struct HistoryEntry: Hashable, Sendable {
  package var intent: ChangeIntent
  /// nil: the run was killed during the change.
  package var outcome: ChangeRecord.Status?

  package init(_ intent: ChangeIntent, outcome: ChangeRecord.Status? = nil) {
    self.intent = intent
    self.outcome = outcome
  }
}
