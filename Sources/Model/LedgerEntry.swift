/// What we wrote last under a name: the third state of the three-way comparison.
///
/// The entry is written before a create and removed after a confirmed delete: between the two it claims the name.
package struct LedgerEntry: Hashable, Sendable {
  package var key: ResourceKey
  /// nil: claimed before a create whose outcome is not known yet.
  package var id: ResourceID?
  package var createdOn: String?
  /// When NPM last changed its row by a write of ours, as NPM wrote it: where it says another time, somebody else was
  /// there. nil: not known.
  package var modifiedOn: String?
  /// The normalised spec that NPM confirmed; nil where none was.
  package var applied: Spec?
  /// The domains or ports of the last write, also of an unfinished one.
  package var claims: [String]
  /// A write was begun and never confirmed: whatever NPM shows, it must be written again.
  package var isUnfinished: Bool
  /// What the YAML said last about its life: it counts when the name is gone from there.
  package var lifecycle: Lifecycle

  package var ref: ObjectRef? { id.map { ObjectRef(key.kind, $0) } }

  package var certificateID: ResourceID? { key.kind == .certificate ? id : nil }

  package init(
    key: ResourceKey, id: ResourceID?, createdOn: String? = nil, modifiedOn: String? = nil, applied: Spec?,
    claims: [String], isUnfinished: Bool, lifecycle: Lifecycle = Lifecycle()
  ) {
    self.modifiedOn = modifiedOn
    self.key = key
    self.id = id
    self.createdOn = createdOn
    self.applied = applied
    self.claims = claims
    self.isUnfinished = isUnfinished
    self.lifecycle = lifecycle
  }
}
