package import Model

/// A request to take over hosts that were made by hand.
package struct Adoption: Hashable, Sendable {
  /// nil: every host that can be adopted.
  package var names: Set<ResourceKey>?
  /// Also hosts whose values differ: they get the values of the YAML.
  package var acceptsChanges: Bool
  /// The exact objects that are meant, where known: number and creation time.
  package var objects: [ResourceKey: ObjectIdentity] = [:]

  package init(names: Set<ResourceKey>? = nil, acceptsChanges: Bool = false) {
    self.names = names
    self.acceptsChanges = acceptsChanges
  }
}

/// Identifies an object of NPM: numbers may be assigned again after a restore.
package struct ObjectIdentity: Hashable, Sendable {
  package var id: ResourceID
  package var createdOn: String

  package init(id: ResourceID, createdOn: String) {
    self.id = id
    self.createdOn = createdOn
  }
}

/// Finds the foreign host that matches a desired name for which we own no object.
struct AdoptionRule {
  private let adoption: Adoption?
  private let owner: String
  private let ownership: Ownership
  private let index: PlanIndex

  init(_ options: Planner.Options, _ index: PlanIndex, _ ownership: Ownership) {
    adoption = options.adoption
    owner = options.owner
    self.index = index
    self.ownership = ownership
  }

  enum Finding {
    /// No host serves any of its domains, or one that we must not touch: the rule on domains names it.
    case nothing
    /// A host without an owner already equals the YAML.
    case same
    case change(Change)
  }

  func find(_ resource: DesiredResource, _ spec: Spec) -> Finding {
    let holders = index.holders(resource.key.kind, spec)
    if holders.count > 1, let name = spec.nameInNPM { return .change(ambiguous(resource, spec, name, holders)) }
    guard holders.count == 1, let id = holders.first,
      let object = index.objects[ObjectRef(resource.key.kind, id)],
      // An object that lost its marker is still the one that the store knows.
      object.marker == nil, ownership.claimed[object.ref] == nil
    else { return .nothing }
    let fields = FieldDiff.fields(desired: spec, observed: object, entry: nil)
    guard isWanted(resource.key, object) else {
      return fields.isEmpty ? .same : .change(taken(Change(resource, spec, .create), object, fields))
    }
    var change = Change(resource, spec, .adopt)
    change.cause = .adopted
    change.id = id
    change.observed = object
    change.fields = fields
    if spec.schema.ownershipProof == .marker {
      change.fields.append(
        FieldChange(path: FieldDiff.markerField, before: .null, after: .string(owner), cause: .adopted))
    }
    if let blockReason = ownership.foreignUse(of: object) ?? blockReason(fields, object) {
      change.block(blockReason)
    }
    return .change(change)
  }

  /// Adoption was not requested: reports what is in the way, and what taking it over would change.
  private func taken(_ draft: Change, _ object: ObservedResource, _ fields: [FieldChange]) -> Change {
    var change = draft
    let wanted = Set(draft.desired?.identityKeys ?? [])
    let handle = object.normalised.identityKeys.first(where: wanted.contains) ?? ""
    let what = object.kind == .proxyHost ? "host" : object.kind.title
    let (code, verb) = ConflictMessage.of(handle, object.spec)
    change.id = object.id
    // A host that nginx refuses now would be refused again after adoption.
    let isRefused = fields.map(\.path) == [FieldDiff.nginxField]
    change.action = .blocked(
      BlockReason(
        code, "\(handle) is \(verb) \(what) \(object.id), which is not ours, and differs: \(list(fields))",
        hint: isRefused
          ? "correct it in NPM, or switch it off there and write 'enabled: false' here; then adopt it"
          : "take it over with: reconciler adopt \(Self.typed(draft.key)) --accept-changes", holder: object.id))
    return change
  }

  private func ambiguous(_ resource: DesiredResource, _ spec: Spec, _ name: String, _ ids: [ResourceID]) -> Change {
    let list = ids.map(\.description).joined(separator: ", ")
    let blockReason = BlockReason(
      .nameTaken, "NPM has \(ids.count) \(resource.key.kind.title)s named '\(name)' (\(list))",
      hint: "rename all but one of them in NPM")
    return Change(resource, spec, .blocked(blockReason))
  }

  /// As it is typed on the command line: hosts by name, others with their kind, which may share a name with a host.
  private static func typed(_ key: ResourceKey) -> String { key.kind == .proxyHost ? key.name : key.path }

  private func list(_ fields: [FieldChange]) -> String {
    let listed = fields.prefix(4).map { field in
      field.path == FieldDiff.nginxField
        ? "nginx does not serve it" : "\(field.path) \(field.before.summary) -> \(field.after.summary)"
    }
    return listed.joined(separator: ", ") + (fields.count > 4 ? ", and \(fields.count - 4) more" : "")
  }

  private func isWanted(_ key: ResourceKey, _ object: ObservedResource) -> Bool {
    guard let adoption else { return false }
    if let meant = adoption.objects[key], meant != ObjectIdentity(id: object.id, createdOn: object.createdOn) {
      return false
    }
    return adoption.names?.contains(key) ?? true
  }

  private func blockReason(_ fields: [FieldChange], _ object: ObservedResource) -> BlockReason? {
    guard !fields.isEmpty else { return nil }
    if fields.map(\.path) == [FieldDiff.nginxField] {
      return BlockReason(
        .notAdoptable, "host \(object.id) is as the YAML says, but nginx does not serve it",
        hint: "correct it in NPM or in the YAML first: taken over as it is, it would be refused again",
        holder: object.id)
    }
    guard adoption?.acceptsChanges != true else { return nil }
    return BlockReason(
      .notAdoptable, "host \(object.id) differs: \(list(fields))",
      hint: "write its values into the YAML, or let the YAML win with --accept-changes", holder: object.id)
  }
}

/// How a conflict over a name, port or domain is reported.
enum ConflictMessage {
  static func of(_ handle: String, _ spec: Spec) -> (code: DiagnosticCode, verb: String) {
    if spec.nameInNPM != nil { return (.nameTaken, "the name of") }
    return handle.contains("/") ? (.portTaken, "taken by") : (.domainTaken, "served by")
  }
}
