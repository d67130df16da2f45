import Model

/// Decides which objects are ours: only those that both their marker and the store say are.
struct Ownership {
  enum Finding {
    case absent(LedgerEntry?)
    case owned(ObservedResource, LedgerEntry?)
    case obstructed(Obstacle)
  }

  private let options: Planner.Options
  private let observed: ObservedState
  private let entries: [ResourceKey: LedgerEntry]
  private let objects: [ResourceKind: [ResourceID: ObservedResource]]
  /// Objects with our marker, by the name in it; but for those that the store knows under another name.
  private let marked: [ResourceKey: [ObservedResource]]

  init(_ options: Planner.Options, _ observed: ObservedState, _ ledger: [LedgerEntry]) {
    self.options = options
    self.observed = observed
    entries = Dictionary(uniqueKeysWithValues: ledger.map { ($0.key, $0) })
    objects = observed.resources.mapValues { list in
      Dictionary(list.map { ($0.id, $0) }) { first, _ in first }
    }
    var claimed: [ResourceKind: [ResourceID: ResourceKey]] = [:]
    for entry in ledger { if let id = entry.id { claimed[entry.key.kind, default: [:]][id] = entry.key } }
    var marked: [ResourceKey: [ObservedResource]] = [:]
    for object in observed.resources.values.joined() {
      guard let marker = object.marker, marker.owner == options.owner else { continue }
      let key = ResourceKey(object.kind, marker.name)
      if let owner = claimed[object.kind]?[object.id], owner != key { continue }
      marked[key, default: []].append(object)
    }
    self.marked = marked
  }

  var ownedCount: Int {
    entries.values.count { entry in
      observed.resources[entry.key.kind].flatMap { object(of: entry, in: $0) }.map {
        obstacleToTouching($0, as: entry.key) == nil
      } ?? false
    }
  }

  /// The object that a row of the store stands for: by NPM's number, or, after an unfinished create, the one that
  /// carries our marker with this name and these domains.
  func object(of entry: LedgerEntry, in list: [ObservedResource]) -> ObservedResource? {
    if let id = entry.id { return objects[entry.key.kind]?[id] }
    let candidates = marked[entry.key] ?? []
    return candidates.first { Set($0.spec.normalised().domains) == Set(entry.domains) }
      ?? (candidates.count == 1 ? candidates[0] : nil)
  }

  func find(_ key: ResourceKey, _ spec: Spec) -> Finding {
    let list = observed.resources[key.kind] ?? []
    guard let entry = entries[key] else { return unclaimed(key, spec.domains, nil) }
    guard let object = object(of: entry, in: list) else { return unclaimed(key, spec.domains, entry) }
    if let obstacle = obstacleToTouching(object, as: key) { return .obstructed(obstacle) }
    return .owned(object, entry)
  }

  /// Hosts with our marker under names that neither the YAML nor the store has, where markers are trusted.
  func strays(besides wanted: Set<ResourceKey>) -> [(object: ObservedResource, key: ResourceKey)] {
    guard options.trustsMarkers else { return [] }
    return marked.filter { entries[$0.key] == nil && !wanted.contains($0.key) && $0.value.count == 1 }
      .map { ($0.value[0], $0.key) }
  }

  /// The row of an unchanged object, brought up to what the YAML and NPM agree on; nil: it says so already.
  func refreshed(_ resource: DesiredResource) -> LedgerEntry? {
    guard let entry = entries[resource.key], entry.id != nil else { return nil }
    var fresh = entry
    fresh.applied = resource.spec.normalised()
    fresh.lifecycle = resource.lifecycle
    return fresh == entry ? nil : fresh
  }

  /// The store names no object that is there. An object with our marker is the next best evidence, but not enough:
  /// the store may be lost, or restored from an older time.
  func unclaimed(_ key: ResourceKey, _ domains: [String], _ entry: LedgerEntry?) -> Finding {
    let candidates = marked[key] ?? []
    guard let first = candidates.first else { return .absent(entry) }
    let exact = candidates.filter { Set($0.spec.normalised().domains) == Set(domains) }
    let object = exact.count == 1 ? exact[0] : first
    if candidates.count > 1 && exact.count != 1 {
      let list = candidates.map(\.id.description).joined(separator: ", ")
      return .obstructed(
        Obstacle(
          .markerAmbiguous, "hosts \(list) all carry our marker as '\(key.name)'",
          hint: "remove the wrong ones in NPM", holder: first.id))
    }
    if options.trustsMarkers { return .owned(object, nil) }
    return .obstructed(
      Obstacle(
        .ledgerMissing, "host \(object.id) carries our marker, but the store does not know it",
        hint: "bring the state file back, or run once with --rebuild-ledger to trust the markers", holder: object.id))
  }

  /// What forbids to update or delete an object under a name.
  func obstacleToTouching(_ object: ObservedResource, as key: ResourceKey) -> Obstacle? {
    let hint = "if it is meant to be managed, remove it in NPM so that it is created anew, or remove '\(key.name)' here"
    guard let marker = object.marker else {
      if isTheSame(object, as: key) { return nil }
      let message = "host \(object.id) has lost the marker that says it is ours, and is not what the store remembers"
      return Obstacle(.markerMissing, message, hint: hint, holder: object.id)
    }
    guard marker.owner == options.owner, marker.name == key.name || isBeingRenamed(object, to: key) else {
      let message = "host \(object.id) belongs to '\(marker.name)' of owner '\(marker.owner)'"
      return Obstacle(.markerForeign, message, hint: hint, holder: object.id)
    }
    return nil
  }

  /// Somebody cleared `meta`: number, creation time and domains must all agree before the marker is put back.
  private func isTheSame(_ object: ObservedResource, as key: ResourceKey) -> Bool {
    guard let entry = entries[key], let createdOn = entry.createdOn, !createdOn.isEmpty else { return false }
    return entry.id == object.id && createdOn == object.createdOn
      && Set(entry.domains) == Set(object.spec.normalised().domains)
  }

  /// A rename was begun: the store has the new name already, the marker still the old one.
  private func isBeingRenamed(_ object: ObservedResource, to key: ResourceKey) -> Bool {
    guard let entry = entries[key], entry.id == object.id, entry.isUnfinished, let marker = object.marker else {
      return false
    }
    return entries[ResourceKey(key.kind, marker.name)] == nil
  }
}
