import Model

/// A new name with the very domains of a name that is gone is the same host under another name.
struct RenameRule {
  /// Removals that only a rename may come of: hosts with our marker that a lost store no longer knows.
  let orphans: [Change]
  /// Names whose objects are certainly ours, so that they may get another one.
  let certain: Set<ResourceKey>
  /// Former names that are known without looking at domains.
  let former: [ResourceKey: ResourceKey]

  /// - Parameter update: makes the update that such a rename is.
  func apply(to changes: inout [Change], update: (_ create: Change, _ removal: Change) -> Change) {
    let gone = changes.filter { $0.action.isRemoval && certain.contains($0.key) } + orphans
    guard !gone.isEmpty else { return }
    var removals: [Set<String>: [Change]] = [:]
    for change in gone {
      guard let observed = change.observed else { continue }
      // What it serves, and what we wrote: somebody may have added a domain in NPM since.
      let sets: Set = [Set(observed.normalised.identityKeys), Set(change.entry?.claims ?? [])]
      for domains in sets where !domains.isEmpty { removals[domains, default: []].append(change) }
    }
    var renamed: Set<ResourceKey> = []
    for index in changes.indices where changes[index].action == .create && changes[index].entry == nil {
      guard let desired = changes[index].desired else { continue }
      let known = former[changes[index].key].flatMap { key in gone.first { $0.key == key && $0.observed != nil } }
      let alike = removals[Set(desired.identityKeys)] ?? []
      guard let old = known ?? (alike.count == 1 ? alike[0] : nil), old.key.kind == changes[index].key.kind,
        renamed.insert(old.key).inserted
      else { continue }
      changes[index] = update(changes[index], old)
    }
    changes.removeAll { $0.action.isRemoval && renamed.contains($0.key) }
  }
}
