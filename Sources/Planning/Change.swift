package import Model

/// One field that differs.
package struct FieldChange: Hashable, Sendable {
  package var path: String
  package var before: JSONValue
  package var after: JSONValue
  package var cause: Cause

  package init(path: String, before: JSONValue, after: JSONValue, cause: Cause) {
    self.path = path
    self.before = before
    self.after = after
    self.cause = cause
  }
}

/// The answer of the three-way comparison: which side moved since the last apply.
package enum Cause: String, Hashable, Sendable {
  /// The YAML changed.
  case desiredEdited = "desired_edited"
  /// NPM changed.
  case drifted
  /// Both changed.
  case both
  /// The object was found and linked, not made.
  case adopted
  /// It is no longer in the YAML.
  case removed
  /// An earlier write was begun and never confirmed.
  case unfinished
}

/// Why a desired object cannot be brought about, and what to do.
package struct Obstacle: Hashable, Sendable {
  package var code: DiagnosticCode
  package var message: String
  package var hint: String?
  /// The object in the way.
  package var holder: ResourceID?

  package init(_ code: DiagnosticCode, _ message: String, hint: String? = nil, holder: ResourceID? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
    self.holder = holder
  }
}

/// One step of a plan.
package struct Change: Hashable, Sendable {
  package enum Action: Hashable, Sendable {
    case create
    case update
    case delete
    /// An object that carries our marker gets its row in the store back; NPM is not written to.
    case adopt
    case blocked(Obstacle)

    /// The word in JSON output.
    package var word: String {
      switch self {
      case .create: "create"
      case .update: "update"
      case .delete: "delete"
      case .adopt: "adopt"
      case .blocked: "blocked"
      }
    }
  }

  package var key: ResourceKey
  package var action: Action
  package var cause: Cause
  package var id: ResourceID?
  package var fields: [FieldChange]
  package var source: SourceLocation?
  /// What to bring about, normalised; nil for a delete.
  package var desired: Spec?
  /// What was there when the plan was made; nil for a create.
  package var observed: ObservedResource?
  /// Changes that must succeed before this one.
  package var after: [ResourceKey]

  package init(
    key: ResourceKey, action: Action, cause: Cause, id: ResourceID? = nil, fields: [FieldChange] = [],
    source: SourceLocation? = nil, desired: Spec? = nil, observed: ObservedResource? = nil, after: [ResourceKey] = []
  ) {
    self.key = key
    self.action = action
    self.cause = cause
    self.id = id
    self.fields = fields
    self.source = source
    self.desired = desired
    self.observed = observed
    self.after = after
  }

  package var obstacle: Obstacle? { if case .blocked(let obstacle) = action { obstacle } else { nil } }
  package var isBlocked: Bool { obstacle != nil }

  /// The domains it is about.
  package var domains: [String] { desired?.domains ?? observed?.spec.domains ?? [] }
}
