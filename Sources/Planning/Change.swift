package import Model

/// One field that differs.
package struct FieldChange: Hashable, Sendable {
  package var path: String
  package var before: JSONValue
  package var after: JSONValue
  package var cause: Cause

  /// Whether NPM moved away from what was applied last.
  package var isDrifted: Bool { cause == .drifted || cause == .both }

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
    /// The name is gone from the YAML, the object stays in NPM and is no longer ours.
    case release(isDisabling: Bool)
    /// An object becomes ours: one that carries our marker gets its row in the store back, and NPM is not written to;
    /// one that carries none gets the marker, and the values of the YAML.
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

    /// Whether a site goes away by it: such changes are counted against the limits.
    package var takesSiteDown: Bool { self == .delete || self == .release(isDisabling: true) }
    /// Whether it follows from a name that is gone from the YAML.
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
  /// What to bring about, normalised; nil for a delete.
  package var desired: Spec?
  /// The object when the plan was made; nil for a create.
  package var observed: ObservedResource?
  /// Changes that must succeed before this one.
  package var dependsOn: [ResourceKey]
  /// Those of them that give up a domain or port for it: they are put back when it comes to nothing. What it only refers to
  /// is not.
  package var releasedBy: [ResourceKey] = []
  /// Changes of objects that take something of this one in turn: before it is written, they give up for a moment what it
  /// takes from them.
  package var exchangesWith: [ResourceKey] = []
  /// What the store knows of it: of the former name, where it is renamed.
  package var entry: LedgerEntry?
  /// The name that it had in the YAML until now.
  package var renamedFrom: ResourceKey?
  /// What the YAML decides about its life.
  package var lifecycle: Lifecycle
  /// Hosts of any owner that it harms on its way, and that are written again unchanged right after.
  package var rewrites: [ObservedResource] = []
  /// Objects that refer to it in NPM, ours first.
  package var users: [ObservedResource] = []
  /// Why it is deferred, where the YAML or an operator suspends the object.
  package var suspension: Suspension?

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

  /// Where its name stands in the desired files.
  package var source: SourceLocation? { resource?.source }
  /// Where its fields stand there.
  package var fieldSources: [String: FieldSource] { resource?.fieldSources ?? [:] }
  /// The texts behind the fingerprints in what is desired, by `SecretFingerprint.path`.
  package var secrets: [String: Secret] { resource?.secrets ?? [:] }

  package mutating func block(_ reason: BlockReason) { action = .blocked(reason) }

  /// Whether somewhere in NPM it was changed since our last write.
  package var isDrifted: Bool { cause == .drifted || fields.contains(where: \.isDrifted) }

  /// The object in NPM that it is about.
  package var ref: ObjectRef? { id.map { ObjectRef(key.kind, $0) } }

  /// Whether it gives an object that is there other values than it has.
  package var changesValues: Bool {
    action == .update || (action == .adopt && fields.contains { $0.path != FieldDiff.markerField })
  }

  /// Whether it gives an object that is as it should be our marker, and nothing else.
  package var isMarkerOnly: Bool { action == .adopt && fields.allSatisfy { $0.path == FieldDiff.markerField } }

  /// What a write to a host means whose certificate is gone: nginx goes on with it until then; nil: nothing of the kind.
  package var endOfTLS: Diagnostic? {
    guard !isBlocked, let object = observed, object.isEnabled, let number = object.gone["certificate"],
      desired?["certificate"].isNull == true
    else { return nil }
    return Diagnostic(
      .unknownReference,
      "\(object.label) names certificate \(number), which is gone: nginx may still serve https with it, and ends that with this write",
      at: source, hint: "give it another certificate in the YAML first, where https is to stay", severity: .warning)
  }

  /// Whether it gives an object of ours another name, and NPM has nothing to store: the marker of its creation stays.
  package var isRenameInStore: Bool {
    action == .update && renamedFrom != nil && fields.isEmpty
      && observed?.spec.schema.ownershipProof == .markerFromCreation
  }

  package var blockReason: BlockReason? { if case .blocked(let blockReason) = action { blockReason } else { nil } }
  package var isBlocked: Bool { blockReason != nil }

  /// The domains or ports it is about.
  package var claims: [String] { desired?.claims ?? observed?.spec.claims ?? [] }
}
