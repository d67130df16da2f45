import Model

/// What happens to the object of a name that is gone from the YAML.
struct RemovalDecision {
  private let ownership: Ownership

  init(_ ownership: Ownership) { self.ownership = ownership }

  /// - Returns: a change without an id where NPM has no such object; and whether the object is certainly ours.
  func decide(_ entry: LedgerEntry) -> (change: Change, isCertain: Bool) {
    var change = Change(key: entry.key, action: .delete, cause: .removed, entry: entry)
    guard let object = ownership.object(of: entry) else {
      return (unledgered(change, ownership.unledgered(entry.key, entry.claims, entry)), false)
    }
    let reason = ownership.blockReason(forTouching: object, as: entry.key)
    change.id = object.id
    change.observed = object
    // One proof is not enough to take a site down: without our marker the host stays as it is.
    let lacksMarker =
      object.marker == nil && (object.spec.schema.ownershipProof == .marker || object.spec.schema.isSingleton)
    if lacksMarker || reason != nil { change.action = .release(isDisabling: false) }
    return (change, reason == nil)
  }

  /// A removed name without an object in the store: the object is gone, or has our marker and needs care.
  private func unledgered(_ draft: Change, _ finding: Ownership.Finding) -> Change {
    var change = draft
    switch finding {
    case .absent: break
    case .owned(let object, _):
      // A row without an object is no second proof, however far the markers are trusted.
      change.id = object.id
      change.block(
        BlockReason(
          .ledgerMissing, "host \(object.id) carries our marker, but is not the one that the store remembers",
          hint: "if it is to go, remove it in NPM; if it is to stay, write '\(draft.key.name)' into the YAML again",
          holder: object.id))
    case .obstructed(let reason):
      change.id = reason.holder
      change.block(reason)
    }
    return change
  }
}
