package import Model

/// One field that differs.
package struct FieldChange: Hashable, Sendable {
  package var path: String
  package var before: JSONValue
  package var after: JSONValue
  package var cause: Cause

  /// Whether NPM differs from what was applied last.
  package var isDrifted: Bool { cause == .drifted || cause == .both }

  package init(path: String, before: JSONValue, after: JSONValue, cause: Cause) {
    self.path = path
    self.before = before
    self.after = after
    self.cause = cause
  }
}

/// The result of the three-way comparison: which side changed since the last apply.
package enum Cause: String, Hashable, Sendable {
  /// The YAML changed.
  case desiredEdited = "desired_edited"
  /// NPM changed.
  case drifted
  /// Both changed.
  case both
  /// The object was found and linked, not created.
  case adopted
  /// It is no longer in the YAML.
  case removed
  /// An earlier write was started and never confirmed.
  case unfinished
}

/// Why a change is withheld although neither the policy nor a suspension forbids it.
package enum Hold: Hashable, Sendable {
  /// Drift is not repaired.
  case reportsOnly
  /// It failed before, and waits for its next attempt.
  case failedBefore
  /// A removal waits until the desired files have been unchanged for so many seconds.
  case filesUnsettled(seconds: Double)

  package var description: String {
    switch self {
    case .reportsOnly: "only reported (self_heal: false)"
    case .failedBefore: "failed before, tried again later"
    case .filesUnsettled(let seconds): "waiting until the files are unchanged for \(Int(seconds)) s"
    }
  }
}

/// Why a desired object cannot be applied, and what to do.
package struct BlockReason: Hashable, Sendable {
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
package struct Change: Sendable {
  package enum Action: Hashable, Sendable {
    case create
    case update
    case delete
    /// The name is gone from the YAML; the object stays in NPM and is no longer ours.
    case release(isDisabling: Bool)
    /// An object becomes ours: one with our marker gets its row in the store back, without a write to NPM; one without
    /// gets the marker, and the values of the YAML.
    case adopt
    case blocked(BlockReason)

    package var kind: Kind {
      switch self {
      case .create: .create
      case .update: .update
      case .delete: .delete
      case .release: .release
      case .adopt: .adopt
      case .blocked: .blocked
      }
    }

    /// Whether it takes a site down: such changes count against the limits.
    package var takesSiteDown: Bool { self == .delete || self == .release(isDisabling: true) }
    /// Whether it results from a name that is gone from the YAML.
    package var isRemoval: Bool { takesSiteDown || self == .release(isDisabling: false) }
  }

  /// An action without its details, as JSON output names it.
  package enum Kind: String, CaseIterable, Codable, Sendable { case create, update, delete, adopt, release, blocked }

  package var key: ResourceKey
  package var action: Action
  package var cause: Cause
  package var id: ResourceID?
  package var fields: [FieldChange]
  /// Its entry in the desired files; nil: they have none.
  package var resource: DesiredResource?
  /// The spec to apply, normalised; nil for a delete.
  package var desired: Spec?
  /// The object when the plan was made; nil for a create.
  package var observed: ObservedResource?
  /// Changes that must succeed before this one.
  package var dependsOn: [ResourceKey]
  /// Those of them that give up a domain or port for it: they are reverted when it fails. Changes of objects that it
  /// only refers to are not.
  package var releasedBy: [ResourceKey] = []
  /// Changes of objects that take a domain or port of this one in turn: before it is written, they release for a
  /// moment what it takes from them.
  package var exchangesWith: [ResourceKey] = []
  /// What the store knows of it; under the former name, if it is renamed.
  package var entry: LedgerEntry?
  /// Its previous name in the YAML.
  package var renamedFrom: ResourceKey?
  /// Its lifecycle as set in the YAML.
  package var lifecycle: Lifecycle
  /// Hosts of any owner that it breaks in passing, and that are written again unchanged right after.
  package var rewrites: [ObservedResource] = []
  /// Objects that refer to it in NPM, ours first.
  package var users: [ObservedResource] = []
  /// Why it is deferred, if the YAML or an operator suspends the object.
  package var suspension: Suspension?
  /// Why it is withheld, where that is neither the policy nor a suspension.
  package var hold: Hold?

  package init(
    key: ResourceKey, action: Action, cause: Cause, id: ResourceID? = nil, fields: [FieldChange] = [],
    resource: DesiredResource? = nil, desired: Spec? = nil, observed: ObservedResource? = nil,
    dependsOn: [ResourceKey] = [], entry: LedgerEntry? = nil, lifecycle: Lifecycle = Lifecycle()
  ) {
    self.key = key
    self.action = action
    self.cause = cause
    self.id = id
    self.fields = fields
    self.resource = resource
    self.desired = desired
    self.observed = observed
    self.dependsOn = dependsOn
    self.entry = entry
    self.lifecycle = lifecycle
  }

  /// A resource that is in the YAML.
  package init(_ resource: DesiredResource, _ spec: Spec, _ action: Action) {
    self.init(
      key: resource.key, action: action, cause: .desiredEdited, resource: resource, desired: spec,
      lifecycle: resource.lifecycle)
  }

  /// Where its name is in the desired files.
  package var source: SourceLocation? { resource?.source }
  /// Where its fields are in the desired files.
  package var fieldSources: [String: FieldSource] { resource?.fieldSources ?? [:] }
  /// The texts behind the fingerprints in what is desired, by `SecretFingerprint.path`.
  package var secrets: [String: Secret] { resource?.secrets ?? [:] }

  package mutating func block(_ reason: BlockReason) { action = .blocked(reason) }

  /// Whether any part of it was changed in NPM since our last write.
  package var isDrifted: Bool { cause == .drifted || fields.contains(where: \.isDrifted) }

  /// The object in NPM that it changes.
  package var ref: ObjectRef? { id.map { ObjectRef(key.kind, $0) } }

  /// Whether it changes values of an existing object.
  package var changesValues: Bool {
    action == .update || (action == .adopt && fields.contains { $0.path != FieldDiff.markerField })
  }

  /// Whether it only adds our marker to an object that already matches.
  package var isMarkerOnly: Bool { action == .adopt && fields.allSatisfy { $0.path == FieldDiff.markerField } }

  /// What a write means to a host whose certificate is gone: nginx uses it until then; nil: not such a write.
  package var endOfTLS: Diagnostic? {
    guard !isBlocked, let object = observed, object.isEnabled, let number = object.gone["certificate"],
      desired?["certificate"].isNull == true
    else { return nil }
    return Diagnostic(
      .unknownReference,
      "\(object.label) names certificate \(number), which is gone: nginx may still serve https with it, and ends that with this write",
      at: source, hint: "give it another certificate in the YAML first, where https is to stay", severity: .warning)
  }

  /// Whether it only renames an object of ours in the store: NPM keeps the marker of its creation.
  package var isRenameInStore: Bool {
    action == .update && renamedFrom != nil && fields.isEmpty
      && observed?.spec.schema.ownershipProof == .markerFromCreation
  }

  package var blockReason: BlockReason? { if case .blocked(let blockReason) = action { blockReason } else { nil } }
  package var isBlocked: Bool { blockReason != nil }

  /// The domains or ports it concerns.
  package var claims: [String] { desired?.claims ?? observed?.spec.claims ?? [] }
}
