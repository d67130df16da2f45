package import Model
package import Planning
package import Reconciler

/// Everything that the files want and that NPM has, each object once.
package struct Inventory: Sendable {
  /// One object, with what is known of it.
  package struct Item: Sendable {
    package var report: ObjectReport
    /// nil: the files do not have it.
    package var resource: DesiredResource?
    /// nil: NPM does not have it.
    package var object: ObservedResource?
    /// nil: there is nothing to do.
    package var change: Change?
    package var health: HealthReport.Proxy?
  }

  /// By kind, then by name.
  package let items: [Item]

  /// - Parameter health: nil: no daemon checks hosts.
  package init(_ planned: PlanResult, _ health: HealthReport?) {
    let builder = Builder(planned, health)
    let desired = planned.desired.resources.map(builder.item)
    // What is gone from the files and still in NPM.
    let known = Set(planned.desired.resources.map(\.key))
    let removed = builder.changes.values.filter { !known.contains($0.key) }.map(builder.item)
    let seen = Set((desired + removed).compactMap { $0.object?.ref })
    let others = planned.observed.all.filter { !seen.contains($0.ref) }.map(builder.item)
    let order = Dictionary(uniqueKeysWithValues: Self.kinds.enumerated().map { ($1, $0) })
    items = (desired + removed + others).sorted {
      (order[$0.report.kind] ?? 0, $0.report.name, $0.report.id ?? 0)
        < (order[$1.report.kind] ?? 0, $1.report.name, $1.report.id ?? 0)
    }
  }

  /// Hosts first: they are what people look for.
  private static let kinds: [ResourceKind] = {
    let all = ResourceSchema.all.map(\.kind)
    let hosts: [ResourceKind] = [.proxyHost, .redirectionHost, .deadHost, .stream]
    return hosts + all.filter { !hosts.contains($0) }
  }()
}

/// Looks things up for one object after the other.
private struct Builder {
  let planned: PlanResult
  let changes: [ResourceKey: Change]
  private let held: Set<ResourceKey>
  private let adoptable: Set<ResourceKey>
  private let objects: [ObjectRef: ObservedResource]
  private let refs: [ResourceKey: ObjectRef]
  private let keys: [ObjectRef: ResourceKey]
  /// Objects by what they alone may hold, or by their name in NPM.
  private let holders: [String: ObservedResource]
  private let certificates: [String: CertificateInventory.Entry]
  private let proxies: [String: HealthReport.Proxy]

  init(_ planned: PlanResult, _ health: HealthReport?) {
    self.planned = planned
    let plan = planned.plan
    changes = Dictionary(firstOf: (plan.changes + plan.withheld).map { ($0.key, $0) })
    held = Set(plan.withheld.map(\.key))
    adoptable = Set(plan.adoptable)
    objects = Dictionary(firstOf: planned.observed.all.map { ($0.ref, $0) })
    refs = Dictionary(firstOf: planned.ledger.compactMap { entry in entry.ref.map { (entry.key, $0) } })
    keys = Dictionary(firstOf: planned.ledger.compactMap { entry in entry.ref.map { ($0, entry.key) } })
    holders = Dictionary(
      firstOf: planned.observed.all.flatMap { object in
        object.spec.identityKeys.map { ("\(object.kind.rawValue)/\($0.lowercased())", object) }
      })
    certificates = Dictionary(firstOf: planned.certificates.entries.map { ($0.name, $0) })
    proxies = Dictionary(firstOf: (health?.proxies ?? []).map { ($0.name, $0) })
  }

  func item(_ resource: DesiredResource) -> Inventory.Item {
    let change = changes[resource.key]
    let isAdoptable = adoptable.contains(resource.key)
    let object =
      change?.observed ?? refs[resource.key].flatMap { objects[$0] }
      ?? (isAdoptable ? holder(of: resource) : nil)
    return item(resource.key, resource, object, change, isAdoptable: isAdoptable)
  }

  private func holder(of resource: DesiredResource) -> ObservedResource? {
    resource.spec.identityKeys.lazy
      .compactMap { holders["\(resource.key.kind.rawValue)/\($0.lowercased())"] }.first
  }

  func item(_ change: Change) -> Inventory.Item { item(change.key, nil, change.observed, change) }

  func item(_ object: ObservedResource) -> Inventory.Item {
    item(ResourceKey(object.kind, object.nameInNPM ?? object.label), nil, object, nil)
  }

  private func item(
    _ key: ResourceKey, _ resource: DesiredResource?, _ object: ObservedResource?, _ change: Change?,
    isAdoptable: Bool = false
  ) -> Inventory.Item {
    let spec = resource?.spec ?? object?.spec
    let health = key.kind == .proxyHost && resource != nil ? proxies[key.name] : nil
    let (manager, owner) = manager(key, object, isAdoptable)
    let report = ObjectReport(
      kind: key.kind, name: key.name, id: object?.id.number, managed: manager, owner: owner,
      domainNames: spec?.claims ?? [], destination: spec.map { $0.schema.effect($0) } ?? "", health: health?.health,
      sync: sync(resource, change, isAdoptable), reason: reason(change),
      certificate: certificate(resource?.spec ?? object?.spec, object?.spec),
      enabled: object?.isEnabled ?? (spec?["enabled"] != false), labels: resource?.labels ?? [:],
      source: (resource?.source ?? change?.source).map(LocationReport.init))
    return Inventory.Item(report: report, resource: resource, object: object, change: change, health: health)
  }

  private func manager(
    _ key: ResourceKey, _ object: ObservedResource?, _ isAdoptable: Bool
  ) -> (ObjectReport.Manager, String?) {
    guard let object else { return (.missing, nil) }
    let owner = object.marker?.owner
    if let owner, owner != planned.plan.owner { return (.other, owner) }
    // Our marker, although the store may not know it.
    if owner != nil { return (.ours, owner) }
    return isAdoptable || keys[object.ref] == nil ? (.unmanaged, nil) : (.ours, planned.plan.owner)
  }

  private func sync(_ resource: DesiredResource?, _ change: Change?, _ isAdoptable: Bool) -> ObjectReport.Sync {
    guard let change else { return resource == nil ? .none : isAdoptable ? .adoptable : .inSync }
    if change.isBlocked { return .blocked }
    if change.fields.contains(where: \.isDrifted) { return .drifted }
    return held.contains(change.key) ? .heldBack : .pending
  }

  private func reason(_ change: Change?) -> String? {
    guard let change else { return nil }
    if let blocked = change.blockReason { return blocked.message }
    let fields = change.action == .update ? ": " + change.fields.map(\.path).joined(separator: ", ") : ""
    let action = change.action.kind.rawValue + fields
    return held.contains(change.key) ? "\(action), \(planned.plan.holdReason(change))" : action
  }

  /// - Parameter observed: has NPM's name of it.
  private func certificate(_ spec: Spec?, _ observed: Spec?) -> ObjectReport.Certificate? {
    guard let spec, spec.schema.kind != .certificate, let name = spec["certificate"].stringValue else { return nil }
    let entry = (observed ?? spec)["certificate"].stringValue.flatMap { certificates[$0] }
    return ObjectReport.Certificate(name: name, expires: entry?.expires, daysLeft: entry?.daysLeft)
  }
}
