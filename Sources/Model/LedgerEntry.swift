/// The last write under a name: the third state of the three-way comparison.
///
/// The entry is written before a create and removed after a confirmed delete: in between it claims the name.
package struct LedgerEntry: Hashable, Sendable {
  package var key: ResourceKey
  /// nil: claimed before a create whose outcome is unknown.
  package var id: ResourceID?
  package var createdOn: String?
  /// The modification time, in NPM's format, that our last write gave its row. A different time in NPM shows a change
  /// by another client. nil: not known.
  package var modifiedOn: String?
  /// The normalised spec that NPM confirmed; nil: none yet.
  package var applied: Spec?
  /// The domains or ports of the last write, even of an unfinished one.
  package var claims: [String]
  /// A write was started and never confirmed: it must be repeated, whatever NPM shows.
  package var isUnfinished: Bool
  /// The last lifecycle in the YAML; it applies when the name is removed from there.
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
