package import Model
package import Platform

/// A write that is about to be made.
package struct ChangeRecordDraft: Hashable, Sendable {
  package var run: Int
  package var key: ResourceKey
  package var action: String
  /// What it was called before, where it is renamed.
  package var former: ResourceKey?
  /// What NPM had before; nil where there was nothing.
  package var before: Spec?
  package var at: Timestamp

  package init(
    run: Int, key: ResourceKey, action: String, former: ResourceKey? = nil, before: Spec? = nil, at: Timestamp
  ) {
    self.run = run
    self.key = key
    self.action = action
    self.former = former
    self.before = before
    self.at = at
  }
}

/// How a planned change ended.
package struct ChangeRecord: Hashable, Sendable {
  package enum Outcome: String, Sendable { case applied, failed, notAttempted = "not_attempted" }

  package var key: ResourceKey
  package var action: String
  package var outcome: Outcome
  package var error: String?

  package init(key: ResourceKey, action: String, outcome: Outcome, error: String? = nil) {
    self.key = key
    self.action = action
    self.outcome = outcome
    self.error = error
  }
}

/// A change of an earlier run, with what was there before it.
package struct PastChange: Hashable, Sendable {
  package var run: Int
  package var key: ResourceKey
  package var action: String
  package var former: ResourceKey?
  package var before: Spec?

  package init(run: Int, key: ResourceKey, action: String, former: ResourceKey? = nil, before: Spec? = nil) {
    self.run = run
    self.key = key
    self.action = action
    self.former = former
    self.before = before
  }
}
