import Model

/// Decides which objects are ours: only those for which both marker and store confirm it.
struct Ownership {
  enum Finding {
    case absent(LedgerEntry?)
    case owned(ObservedResource, LedgerEntry?)
    case obstructed(BlockReason)
  }

  private let options: Planner.Options
  private let index: PlanIndex
  /// Objects with our marker, by the name in it; except those that the store knows under another name.
  private var marked: [ResourceKey: [ObservedResource]] = [:]
  /// Names in the store, of objects that exist.
  private(set) var claimed: [ObjectRef: ResourceKey] = [:]

  init(_ options: Planner.Options, _ index: PlanIndex) {
    self.options = options
    self.index = index
    for entry in index.ledger {
      guard let ref = entry.ref, let object = index.objects[ref], !isAnother(object, than: entry) else { continue }
      claimed[ref] = entry.key
    }
    for object in index.observed.resources.values.joined() {
      guard let marker = object.marker, marker.owner == options.owner else { continue }
      let key = ResourceKey(object.kind, marker.name)
      if let owner = claimed[object.ref], owner != key { continue }
      marked[key, default: []].append(object)
    }
  }

  var ownedCount: Int {
    index.ledger.count { entry in
      object(of: entry).map { blockReason(forTouching: $0, as: entry.key) == nil } ?? false
    }
  }

  /// The object of a row in the store: by NPM's number, or, after an unfinished create, the one with our marker, this
  /// name and these domains.
  func object(of entry: LedgerEntry) -> ObservedResource? {
    if let ref = entry.ref { return index.objects[ref].flatMap { isAnother($0, than: entry) ? nil : $0 } }
    if let name = entry.claims.first, let list = named(entry.key.kind, name) { return list.count == 1 ? list[0] : nil }
    let candidates = candidates(entry.key, entry.claims)
    return candidates.first { Set($0.normalised.claims) == Set(entry.claims) }
      ?? (candidates.count == 1 ? candidates[0] : nil)
  }

  /// NPM was restored to an older state, and the number now belongs to another object.
  ///
  /// A failed adoption does not make it ours either: its row is stored before the marker is written.
  private func isAnother(_ object: ObservedResource, than entry: LedgerEntry) -> Bool {
    let marker = object.marker
    let canBeMarked = object.spec.schema.ownershipProof == .marker
    if marker == nil, entry.isUnfinished, entry.applied == nil, canBeMarked { return true }
    if marker?.owner == options.owner, marker?.name == entry.key.name { return false }
    if let createdOn = entry.createdOn, !createdOn.isEmpty, createdOn != object.createdOn { return true }
    guard let marker, marker.owner == options.owner else { return false }
    return index.entries[ResourceKey(entry.key.kind, marker.name)]?.id == object.id
  }

  /// Objects with our marker under a name that serve at least one of these domains: a marker alone may be a copy.
  private func candidates(_ key: ResourceKey, _ claims: [String]) -> [ObservedResource] {
    (marked[key] ?? []).filter { !Set($0.normalised.claims).isDisjoint(with: claims) }
  }

  /// Objects with a name in NPM, of a kind without markers; nil for any other kind.
  private func named(_ kind: ResourceKind, _ name: String) -> [ObservedResource]? {
    index.named(kind, name)?.filter { claimed[$0.ref] == nil }
  }

  func find(_ key: ResourceKey, _ spec: Spec) -> Finding {
    guard let entry = index.entries[key] else { return unledgered(key, spec.identityKeys, nil) }
    guard let object = object(of: entry) else { return unledgered(key, spec.identityKeys, entry) }
    if let blockReason = blockReason(forTouching: object, as: key) { return .obstructed(blockReason) }
    return .owned(object, entry)
  }

  /// Hosts with our marker under names that are neither in the YAML nor in the store, if markers are trusted.
  func orphans(besides wanted: [ResourceKey: DesiredResource]) -> [(object: ObservedResource, key: ResourceKey)] {
    guard options.trustsMarkers else { return [] }
    return marked.filter { index.entries[$0.key] == nil && wanted[$0.key] == nil && $0.value.count == 1 }
      .map { ($0.value[0], $0.key) }
  }

  /// The row of a resource, updated where no write to NPM is needed; nil: it is up to date.
  ///
  /// The lifecycle in the YAML applies at once, whether or not its other changes succeed: when the name is gone from
  /// the YAML, only the row is left.
  ///
  /// - Parameter spec: what the YAML and NPM agree on; nil: they differ.
  func refreshed(_ resource: DesiredResource, agreed spec: Spec?) -> LedgerEntry? {
    guard let entry = index.entries[resource.key] else { return nil }
    var fresh = entry
    if let spec, entry.id != nil { fresh.applied = spec }
    fresh.lifecycle = resource.lifecycle
    return fresh == entry ? nil : fresh
  }

  /// The store has no object for the name. An object with our marker is the next best evidence, but not enough: the
  /// store may be lost, or restored from an older backup.
  func unledgered(_ key: ResourceKey, _ claims: [String], _ entry: LedgerEntry?) -> Finding {
    if let name = claims.first, let list = named(key.kind, name) {
      if let fixed = list.first, fixed.spec.schema.isSingleton { return .owned(fixed, entry) }
      guard options.trustsMarkers, list.count == 1 else { return .absent(entry) }
      return foreignUse(of: list[0]).map(Finding.obstructed) ?? .owned(list[0], nil)
    }
    let candidates = candidates(key, claims + (entry?.claims ?? []))
    guard let first = candidates.first else { return .absent(entry) }
    let exact = candidates.filter { Set($0.normalised.claims) == Set(claims) }
    let object = exact.count == 1 ? exact[0] : first
    if candidates.count > 1 && exact.count != 1 {
      let list = candidates.map(\.id.description).joined(separator: ", ")
      return .obstructed(
        BlockReason(
          .markerAmbiguous, "hosts \(list) all carry our marker as '\(key.name)'",
          hint: "remove the wrong ones in NPM", holder: first.id))
    }
    if options.trustsMarkers { return .owned(object, nil) }
    return .obstructed(
      BlockReason(
        .ledgerMissing, "host \(object.id) carries our marker, but the store does not know it",
        hint: "bring the state file back; or trust the markers once: reconciler adopt --all --rebuild-ledger",
        holder: object.id))
  }

  /// An object without a marker belongs to the owners of its users.
  func foreignUse(of object: ObservedResource) -> BlockReason? {
    guard object.nameInNPM != nil else { return nil }
    let foreign = index.observed.users(of: object).compactMap(\.marker).map(\.owner).filter { $0 != options.owner }
      .min()
    return foreign.map { other in
      BlockReason(
        .markerForeign, "\(object.ref.description) is used by hosts of owner '\(other)'",
        hint: "give yours another name: both would change it in turn", holder: object.id)
    }
  }

  /// Why an object may not be updated or deleted under a name.
  func blockReason(forTouching object: ObservedResource, as key: ResourceKey) -> BlockReason? {
    guard let marker = object.marker else {
      if isTheSame(object, as: key) { return nil }
      return BlockReason(
        .markerMissing,
        "host \(object.id) has lost the marker that says it is ours, and is not what the store remembers",
        hint:
          "if it is '\(key.name)', give it back its domains in NPM; if not, remove '\(key.name)' here: the host stays",
        holder: object.id)
    }
    guard marker.owner == options.owner, marker.name == key.name || isRenamed(object, to: key) else {
      return BlockReason(
        .markerForeign, "host \(object.id) belongs to '\(marker.name)' of owner '\(marker.owner)'",
        hint: "look who manages it; if 'owner' was changed in the settings, change it back", holder: object.id)
    }
    return nil
  }

  /// `meta` was cleared in NPM: number, creation time and domains must all match before the marker is restored.
  private func isTheSame(_ object: ObservedResource, as key: ResourceKey) -> Bool {
    if object.spec.schema.isSingleton { return true }
    // An interrupted create: nothing of that name existed before.
    if let entry = index.entries[key], entry.id == nil, entry.isUnfinished, !object.spec.schema.hasMarker {
      return true
    }
    guard let entry = index.entries[key], let createdOn = entry.createdOn, !createdOn.isEmpty else { return false }
    guard entry.id == object.id && createdOn == object.createdOn else { return false }
    // Where NPM has no place for a marker, none can have been cleared.
    // The last announced or the last confirmed claims: the write between the two may not have reached NPM.
    let claims = Set(object.normalised.claims)
    return object.spec.schema.ownershipProof != .marker || Set(entry.claims) == claims
      || entry.applied.map { Set($0.claims) } == claims
  }

  /// The store has a new name, the marker still the old one: a rename was started, or NPM was restored to before it.
  private func isRenamed(_ object: ObservedResource, to key: ResourceKey) -> Bool {
    guard let entry = index.entries[key], entry.id == object.id, let marker = object.marker else { return false }
    guard entry.isUnfinished || entry.createdOn == object.createdOn else { return false }
    // The former name may belong to another host by now; not to this one, nor to one that is being created.
    guard let other = index.entries[ResourceKey(key.kind, marker.name)] else { return true }
    return other.id.map { $0 != object.id } ?? false
  }
}
