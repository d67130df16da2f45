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

    package init(owner: String, policy: Policy, trustsMarkers: Bool = false, selection: Set<ResourceKey>? = nil) {
      self.owner = owner
      self.policy = policy
      self.trustsMarkers = trustsMarkers
      self.selection = selection
    }
  }

  private let options: Options

  package init(_ options: Options) { self.options = options }

  /// - Parameter ledger: every entry of the store, of any kind.
  package func plan(_ desired: DesiredState, _ observed: ObservedState, _ ledger: [LedgerEntry]) -> Plan {
    var draft = Plan(owner: options.owner, policy: options.policy)
    let ownership = Ownership(options, observed, ledger)
    draft.ownedCount = ownership.ownedCount
    var changes: [Change] = []
    for resource in desired.resources.sorted(by: { $0.key < $1.key }) where isSelected(resource.key) {
      guard let change = change(for: resource, ownership, observed) else {
        draft.unchanged.append(resource.key)
        continue
      }
      changes.append(change)
    }
    let wanted = Set(desired.resources.map(\.key))
    for entry in ledger.sorted(by: { $0.key < $1.key }) where !wanted.contains(entry.key) && isSelected(entry.key) {
      guard let change = removal(of: entry, ownership, observed) else { continue }
      if change.id == nil { draft.forgotten.append(entry.key) } else { changes.append(change) }
    }
    (changes, draft.withheld) = filter(changes)
    changes = DomainRule(observed, wanted: changes, withheld: draft.withheld).apply(to: changes)
    draft.changes = ReleaseRule.apply(to: DependencyOrder.sort(changes))
    return draft
  }

  private func isSelected(_ key: ResourceKey) -> Bool { options.selection.map { $0.contains(key) } ?? true }

  private func filter(_ changes: [Change]) -> (allowed: [Change], withheld: [Change]) {
    (changes.filter { options.policy.allows($0.action) }, changes.filter { !options.policy.allows($0.action) })
  }

  private func change(for resource: DesiredResource, _ ownership: Ownership, _ observed: ObservedState) -> Change? {
    let spec = resource.spec.normalised()
    var change = Change(
      key: resource.key, action: .create, cause: .desiredEdited, source: resource.source, desired: spec)
    if let obstacle = ReferenceRule.obstacle(resource, observed) {
      change.action = .blocked(obstacle)
      return change
    }
    switch ownership.find(resource.key, spec) {
    case .absent(let entry):
      change.cause = entry?.applied == nil ? .desiredEdited : .drifted
      change.fields = FieldDiff.creation(spec)
      return change
    case .owned(let object, let entry):
      return update(change, spec, object, entry)
    case .obstructed(let obstacle):
      change.id = obstacle.holder
      change.action = .blocked(obstacle)
      return change
    }
  }

  private func update(_ draft: Change, _ spec: Spec, _ object: ObservedResource, _ entry: LedgerEntry?) -> Change? {
    var change = draft
    change.action = .update
    change.id = object.id
    change.observed = object
    change.fields = FieldDiff.fields(desired: spec, observed: object, entry: entry)
    if change.fields.isEmpty {
      // An update that was begun counts as done only when we have seen it confirmed: what NPM says of nginx may be
      // older than the write. After a create it cannot be.
      if let entry, entry.id != nil {
        change.cause = .unfinished
        return entry.isUnfinished ? change : nil
      }
      change.action = .adopt
      change.cause = .adopted
      return change
    }
    change.cause = FieldDiff.cause(of: change.fields)
    return change
  }

  /// A removed name whose object the store cannot point at: gone, or marked and to be handled with care.
  private func relic(_ draft: Change, _ finding: Ownership.Finding) -> Change {
    var change = draft
    switch finding {
    case .absent: break
    case .owned(let object, _):
      change.id = object.id
      change.observed = object
    case .obstructed(let obstacle):
      change.id = obstacle.holder
      change.action = .blocked(obstacle)
    }
    return change
  }

  private func removal(of entry: LedgerEntry, _ ownership: Ownership, _ observed: ObservedState) -> Change? {
    guard let kind = observed.resources[entry.key.kind] else { return nil }
    var change = Change(key: entry.key, action: .delete, cause: .removed)
    guard let object = ownership.object(of: entry, in: kind) else {
      return relic(change, ownership.unclaimed(entry.key, entry.domains, entry))
    }
    change.id = object.id
    change.observed = object
    if let obstacle = ownership.obstacleToTouching(object, as: entry.key) { change.action = .blocked(obstacle) }
    return change
  }
}
