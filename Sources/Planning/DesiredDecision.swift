import Model

/// What a name in the YAML results in: a change, or nothing for a resource that already matches.
struct DesiredDecision {
  enum Outcome {
    /// NPM has what is desired: this spec.
    case unchanged(Spec)
    /// An object without an owner already matches.
    case adoptable
    case change(Change)
  }

  private let options: Planner.Options
  private let ownership: Ownership
  private let adoption: AdoptionRule
  private let references: ReferenceRule

  init(_ options: Planner.Options, _ index: PlanIndex, _ ownership: Ownership) {
    self.options = options
    self.ownership = ownership
    adoption = AdoptionRule(options, index, ownership)
    references = ReferenceRule(index, options)
  }

  func decide(_ resource: DesiredResource) -> Outcome {
    let resolved = references.resolve(resource)
    if let reason = resolved.blockReason { return .change(blocked(resource, resolved, reason)) }
    switch ownership.find(resource.key, resolved.spec) {
    case .absent(let entry): return absent(resource, resolved, entry)
    case .owned(let object, let entry): return owned(resource, resolved, object, entry)
    case .obstructed(let reason):
      var change = blocked(resource, resolved, reason)
      change.id = reason.holder
      return .change(change)
    }
  }

  private func draft(
    _ resource: DesiredResource, _ resolved: ReferenceRule.Resolved, _ action: Change.Action
  ) -> Change {
    var change = Change(resource, resolved.spec, action)
    change.dependsOn = resolved.needs
    return change
  }

  private func blocked(
    _ resource: DesiredResource, _ resolved: ReferenceRule.Resolved, _ reason: BlockReason
  ) -> Change { draft(resource, resolved, .blocked(reason)) }

  private func absent(
    _ resource: DesiredResource, _ resolved: ReferenceRule.Resolved, _ entry: LedgerEntry?
  ) -> Outcome {
    switch adoption.find(resource, resolved.spec) {
    case .nothing:
      var change = draft(resource, resolved, .create)
      change.entry = entry
      change.cause = entry?.applied == nil ? .desiredEdited : .drifted
      change.fields = FieldDiff.creation(resolved.spec)
      return .change(change)
    case .same: return .adoptable
    case .change(var adopted):
      adopted.dependsOn = resolved.needs
      return .change(adopted)
    }
  }

  private func owned(
    _ resource: DesiredResource, _ resolved: ReferenceRule.Resolved, _ object: ObservedResource, _ entry: LedgerEntry?
  ) -> Outcome {
    var fields = FieldDiff.fields(desired: resolved.spec, observed: object, entry: entry)
    if object.spec.schema.ownershipProof == .marker, object.marker?.name != resource.key.name {
      let before = object.marker.map { JSONValue.string($0.name) } ?? .null
      let after = JSONValue.string(object.marker == nil ? options.owner : resource.key.name)
      fields.append(FieldChange(path: FieldDiff.markerField, before: before, after: after, cause: .drifted))
    }
    // An object that NPM has exactly one of needs no adoption: it belongs to the instance that writes it. A started
    // write counts as done only once confirmed: NPM's nginx status may be older than an update, and NPM reports it
    // for a create before it reloads nginx.
    let isConfirmed = object.spec.schema.isSingleton || entry.map { !$0.isUnfinished && $0.id != nil } == true
    if fields.isEmpty && isConfirmed { return .unchanged(resolved.spec) }
    var change = draft(resource, resolved, .update)
    change.id = object.id
    change.observed = object
    change.entry = entry
    change.fields = fields
    if !fields.isEmpty {
      change.cause = FieldDiff.cause(of: fields)
      if let reason = unchangeable(change, object) { change.block(reason) }
    } else if entry?.isUnfinished == true {
      change.cause = .unfinished
    } else {
      change.action = .adopt
      change.cause = .adopted
    }
    return .change(change)
  }

  /// NPM accepts only new files for a certificate, no other change.
  private func unchangeable(_ change: Change, _ object: ObservedResource) -> BlockReason? {
    let fields = object.spec.schema.fields
    guard fields.contains(where: \.isUpload) else { return nil }
    let fixed = change.fields.filter { changed in fields.contains { $0.name == changed.path && !$0.isUpload } }
    guard let first = fixed.first else { return nil }
    return BlockReason(
      .unchangeable, "NPM cannot change '\(first.path)' of a \(change.key.kind.title)",
      hint: "write the new one under another name, give it to its hosts, and remove this one", holder: object.id)
  }
}
