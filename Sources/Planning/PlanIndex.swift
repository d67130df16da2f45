import Model

/// The three states, indexed for the rules of a plan. Built once for a plan and shared by its rules.
struct PlanIndex {
  let desired: DesiredState
  let observed: ObservedState
  let ledger: [LedgerEntry]
  let resources: [ResourceKey: DesiredResource]
  let entries: [ResourceKey: LedgerEntry]
  let objects: [ObjectRef: ObservedResource]
  /// The name in the store of an object.
  let keysByObject: [ObjectRef: ResourceKey]
  /// Resources by their name in NPM, where their kind has one.
  let resourcesByNPMName: [ResourceKey: DesiredResource]
  /// Objects by their domains or ports, or by their name in NPM.
  private let identities: [ResourceKind: [String: [ResourceID]]]

  init(_ desired: DesiredState, _ observed: ObservedState, _ ledger: [LedgerEntry]) {
    self.desired = desired
    self.observed = observed
    self.ledger = ledger
    resources = Dictionary(firstOf: desired.resources.lazy.map { ($0.key, $0) })
    entries = Dictionary(firstOf: ledger.lazy.map { ($0.key, $0) })
    objects = Dictionary(firstOf: observed.resources.values.lazy.joined().map { ($0.ref, $0) })
    keysByObject = Dictionary(firstOf: ledger.lazy.compactMap { entry in entry.ref.map { ($0, entry.key) } })
    resourcesByNPMName = Dictionary(
      firstOf: desired.resources.lazy.compactMap { resource in
        resource.spec.nameInNPM.map { (ResourceKey(resource.key.kind, $0), resource) }
      })
    identities = observed.resources.mapValues { list in
      var found: [String: [ResourceID]] = [:]
      for object in list {
        for key in object.spec.identityKeys { found[Self.folded(key, object.spec), default: []].append(object.id) }
      }
      return found
    }
  }

  /// Objects of a kind that hold at least one of the domains, ports or the name of a spec, ordered by number.
  func holders(_ kind: ResourceKind, _ spec: Spec) -> [ResourceID] {
    guard let known = identities[kind] else { return [] }
    return Set(spec.identityKeys.flatMap { known[Self.folded($0, spec)] ?? [] }).sorted()
  }

  /// Objects of a kind with this name in NPM; nil: the kind is not listed, or its objects have no names.
  func named(_ kind: ResourceKind, _ name: String) -> [ObservedResource]? {
    guard observed.resources[kind]?.first?.nameInNPM != nil else { return nil }
    return (identities[kind]?[name] ?? []).compactMap { objects[ObjectRef(kind, $0)] }
  }

  /// Domains are compared case-insensitively, names case-sensitively.
  private static func folded(_ key: String, _ spec: Spec) -> String {
    spec.nameInNPM == nil ? key.lowercased() : key
  }
}
