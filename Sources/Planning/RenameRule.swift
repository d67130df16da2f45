import Model

/// A new name with exactly the domains of a removed name is the same host, renamed.
struct RenameRule {
  /// Possible sources of a rename only: hosts with our marker that a lost store no longer has.
  let orphans: [Change]
  /// Names whose objects are certainly ours, and may be renamed.
  let certain: Set<ResourceKey>
  /// Former names that are known without comparing domains.
  let former: [ResourceKey: ResourceKey]

  /// - Parameter update: makes the update for such a rename.
  func apply(to changes: inout [Change], update: (_ create: Change, _ removal: Change) -> Change) {
    let gone = changes.filter { $0.action.isRemoval && certain.contains($0.key) } + orphans
    guard !gone.isEmpty else { return }
    var removals: [Set<String>: [Change]] = [:]
    for change in gone {
      guard let observed = change.observed else { continue }
      // What it serves, and what we wrote: a domain may have been added in NPM since.
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
