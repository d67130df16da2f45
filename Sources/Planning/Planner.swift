package import Model

/// The one pure function: desired + observed + last applied -> plan.
package struct Planner: Sendable {
  /// What a plan depends on besides the three states.
  package struct Options: Sendable {
    package var owner: String
    package var policy: Policy
    /// Take objects that carry our marker for ours although the store does not know them.
    package var trustsMarkers: Bool
    /// Keep to these names; nil: all.
    package var selection: Set<ResourceKey>?
    /// Hosts without an owner that are to become ours; nil: none.
    package var adoption: Adoption?
    /// The day by which suspensions end, as `2026-11-21`, UTC.
    package var today: String
    /// Why everything is left alone; nil: it is not.
    package var pause: Suspension?
    /// What is left alone besides what the YAML suspends.
    package var pauses: [ResourceKey: Suspension] = [:]
    /// What `certificate: auto` means where no certificate fits; nil: nothing.
    package var defaultCertificate: String?
    /// How often Let's Encrypt was asked for each set of names within the last week.
    package var requests: [Set<String>: Int] = [:]
    /// New names of objects whose former names are known from elsewhere.
    package var former: [ResourceKey: ResourceKey] = [:]

    package init(
      owner: String, policy: Policy, trustsMarkers: Bool = false, selection: Set<ResourceKey>? = nil,
      adoption: Adoption? = nil, today: String = ""
    ) {
      self.owner = owner
      self.policy = policy
      self.trustsMarkers = trustsMarkers
      self.selection = selection
      self.adoption = adoption
      self.today = today
    }
  }

  private enum Step {
    case unchanged
    /// As it should be, and nobody's.
    case adoptable
    case change(Change)
  }

  private let options: Options

  package init(_ options: Options) { self.options = options }

  /// - Parameter ledger: every entry of the store, of any kind.
  package func plan(_ desired: DesiredState, _ observed: ObservedState, _ ledger: [LedgerEntry]) -> Plan {
    var draft = Plan(owner: options.owner, policy: options.policy)
    let ownership = Ownership(options, observed, ledger)
    let adoption = AdoptionRule(options, observed, ownership)
    let references = ReferenceRule(desired, observed, ledger, options)
    draft.ownedCount = ownership.ownedCount
    var changes: [Change] = []
    for resource in desired.resources.sorted(by: { $0.key < $1.key }) where isSelected(resource.key) {
      let resolved = references.resolve(resource)
      switch step(resource, resolved, ownership, adoption) {
      case .unchanged:
        draft.unchanged.append(resource.key)
        if let entry = ownership.refreshed(resource, agreed: resolved.spec) { draft.ledgerUpdates.append(entry) }
      case .adoptable: draft.adoptable.append(resource.key)
      case .change(var change):
        if let entry = ownership.refreshed(resource, agreed: nil) {
          draft.ledgerUpdates.append(entry)
          if change.entry != nil { change.entry = entry }
        }
        if let suspension = resource.suspension, suspension.holds(on: options.today) { change.suspension = suspension }
        changes.append(change)
      }
    }
    let wanted = Set(desired.resources.map(\.key))
    var certain: Set<ResourceKey> = []
    for entry in ledger.sorted(by: { $0.key < $1.key }) where !wanted.contains(entry.key) && isSelected(entry.key) {
      guard let (change, isCertain) = removal(of: entry, ownership, observed) else { continue }
      if change.id == nil { draft.ledgerRemovals.append(entry.key) } else { changes.append(change) }
      if isCertain { certain.insert(entry.key) }
    }
    let strays = ownership.strays(besides: wanted).map { object, key in
      Change(key: key, action: .delete, cause: .removed, id: object.id, observed: object)
    }
    let renames = RenameRule(strays: strays, certain: certain, former: options.former)
    changes = renames.apply(to: changes, update: rename).map(DeletionPolicyRule.apply)
    changes = changes.map(suspend)
    draft.withheld = changes.filter(isHeld)
    changes.removeAll(where: isHeld)
    draft.bystanders = desired.resources.filter { !isSelected($0.key) }.map {
      Change($0, $0.spec.normalised(), .update)
    }
    changes = changes.map(SecretRule.apply)
    changes = changes.map(CertificateRequestRule(observed, requests: options.requests).apply)
    changes = InUseRule(observed, owner: options.owner).apply(to: changes)
    changes = UntestedWriteRule.apply(to: changes)
    changes = ClaimRule(observed, draft, ownership, wanted: changes).apply(to: changes)
    draft.changes = DomainHandoverRule.apply(to: DependencyOrder.sort(changes), in: draft)
    AutomaticCertificates.prune(&draft)
    return draft
  }

  /// What somebody paused waits, whatever the YAML says of it, and also when it no longer says anything.
  private func suspend(_ change: Change) -> Change {
    guard change.suspension == nil, !change.isBlocked else { return change }
    var change = change
    change.suspension = options.pause ?? options.pauses[change.key] ?? change.renamedFrom.flatMap { options.pauses[$0] }
    return change
  }

  /// Whether the policy or a suspension holds a change back. What is in the way is said all the same.
  private func isHeld(_ change: Change) -> Bool {
    !change.isBlocked && (change.suspension != nil || !options.policy.allows(change))
  }

  private func isSelected(_ key: ResourceKey) -> Bool { options.selection.map { $0.contains(key) } ?? true }

  // MARK: Names that are in the YAML

  private func step(
    _ resource: DesiredResource, _ resolved: ReferenceRule.Resolved, _ ownership: Ownership, _ adoption: AdoptionRule
  ) -> Step {
    let spec = resolved.spec
    var change = Change(resource, spec, .create)
    change.after = resolved.needs
    if let blockReason = resolved.blockReason {
      change.action = .blocked(blockReason)
      return .change(change)
    }
    switch ownership.find(resource.key, spec) {
    case .absent(let entry):
      change.entry = entry
      change.cause = entry?.applied == nil ? .desiredEdited : .drifted
      change.fields = FieldDiff.creation(spec)
      switch adoption.find(resource, spec) {
      case .nothing: return .change(change)
      case .same: return .adoptable
      case .change(var adopted):
        adopted.after = resolved.needs
        return .change(adopted)
      }
    case .owned(let object, let entry):
      return update(change, spec, object, entry).map(Step.change) ?? .unchanged
    case .obstructed(let blockReason):
      change.id = blockReason.holder
      change.action = .blocked(blockReason)
      return .change(change)
    }
  }

  private func update(_ draft: Change, _ spec: Spec, _ object: ObservedResource, _ entry: LedgerEntry?) -> Change? {
    var change = draft
    change.action = .update
    change.id = object.id
    change.observed = object
    change.entry = entry
    change.fields = FieldDiff.fields(desired: spec, observed: object, entry: entry)
    if object.spec.schema.ownershipProof == .marker, object.marker?.name != change.key.name {
      let before = object.marker.map { JSONValue.string($0.name) } ?? .null
      let after = JSONValue.string(object.marker == nil ? options.owner : change.key.name)
      change.fields.append(FieldChange(path: FieldDiff.markerField, before: before, after: after, cause: .drifted))
    }
    // What NPM has exactly one of is whoever's says so here: there is nothing to take over.
    if change.fields.isEmpty && object.spec.schema.isSingleton { return nil }
    if change.fields.isEmpty {
      // A write that was begun counts as done only when we have seen it confirmed: what NPM says of nginx may be older
      // than an update, and NPM says it of a create before it reloads nginx.
      if let entry, entry.isUnfinished || entry.id != nil {
        change.cause = .unfinished
        return entry.isUnfinished ? change : nil
      }
      change.action = .adopt
      change.cause = .adopted
      return change
    }
    change.cause = FieldDiff.cause(of: change.fields)
    if let blockReason = unchangeable(change, object) { change.action = .blocked(blockReason) }
    return change
  }

  /// NPM takes other files for a certificate, and nothing else.
  private func unchangeable(_ change: Change, _ object: ObservedResource) -> BlockReason? {
    let fields = object.spec.schema.fields
    guard fields.contains(where: \.isUpload) else { return nil }
    let fixed = change.fields.filter { changed in fields.contains { $0.name == changed.path && !$0.isUpload } }
    guard let first = fixed.first else { return nil }
    return BlockReason(
      .unchangeable, "NPM cannot change '\(first.path)' of a \(change.key.kind.title)",
      hint: "write the new one under another name, give it to its hosts, and remove this one", holder: object.id)
  }

  /// The update that gives an object its new name, and the values that changed with it.
  private func rename(_ create: Change, _ removal: Change) -> Change {
    guard let spec = create.desired, let object = removal.observed else { return create }
    var change = create
    change.action = .update
    change.id = object.id
    change.observed = object
    change.entry = removal.entry
    change.renamedFrom = removal.key
    change.fields = FieldDiff.fields(desired: spec, observed: object, entry: removal.entry)
    change.cause = change.fields.isEmpty ? .desiredEdited : FieldDiff.cause(of: change.fields)
    return change
  }

  // MARK: Names that are gone from the YAML

  /// What becomes of it, and whether it is certainly ours; nil: nobody can tell, because NPM did not list its kind.
  private func removal(
    of entry: LedgerEntry, _ ownership: Ownership, _ observed: ObservedState
  ) -> (change: Change, isCertain: Bool)? {
    guard let kind = observed.resources[entry.key.kind] else { return nil }
    var change = Change(key: entry.key, action: .delete, cause: .removed, entry: entry)
    guard let object = ownership.object(of: entry, in: kind) else {
      return (relic(change, ownership.unclaimed(entry.key, entry.claims, entry)), false)
    }
    let blockReason = ownership.obstacleToTouching(object, as: entry.key)
    change.id = object.id
    change.observed = object
    // One witness is not enough to take a site down: without our marker the host stays as it is.
    let lacksMarker =
      object.marker == nil && (object.spec.schema.ownershipProof == .marker || object.spec.schema.isSingleton)
    if lacksMarker || blockReason != nil { change.action = .release(isDisabling: false) }
    return (change, blockReason == nil)
  }

  /// A removed name whose object the store cannot point at: gone, or marked and to be handled with care.
  private func relic(_ draft: Change, _ finding: Ownership.Finding) -> Change {
    var change = draft
    switch finding {
    case .absent: break
    case .owned(let object, _):
      // A row that stands for nothing is no second witness, however far the markers are trusted.
      change.id = object.id
      change.action = .blocked(
        BlockReason(
          .ledgerMissing, "host \(object.id) carries our marker, but is not the one that the store remembers",
          hint: "if it is to go, remove it in NPM; if it is to stay, write '\(draft.key.name)' into the YAML again",
          holder: object.id))
    case .obstructed(let blockReason):
      change.id = blockReason.holder
      change.action = .blocked(blockReason)
    }
    return change
  }
}
