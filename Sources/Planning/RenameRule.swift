import Model

/// A new name with the very domains of a name that is gone is the same host under another name.
enum RenameRule {
  /// - Parameters:
  ///   - strays: removals that only a rename may come of: hosts with our marker that a lost store no longer knows.
  ///   - update: makes the update that such a rename is.
  static func apply(
    to changes: [Change], strays: [Change], update: (_ create: Change, _ removal: Change) -> Change
  ) -> [Change] {
    var removals: [Set<String>: [Change]] = [:]
    for change in changes.filter({ $0.action.isRemoval && $0.entry?.id != nil }) + strays {
      guard let observed = change.observed else { continue }
      // What it serves, and what we wrote: somebody may have added a domain in NPM since.
      let sets: Set = [domains(observed.spec), Set(change.entry?.domains ?? [])]
      for domains in sets where !domains.isEmpty { removals[domains, default: []].append(change) }
    }
    var renamed: Set<ResourceKey> = []
    var result = changes.map { change -> Change in
      guard change.action == .create, change.entry == nil, let desired = change.desired,
        let old = removals[domains(desired)], old.count == 1, old[0].key.kind == change.key.kind,
        !renamed.contains(old[0].key)
      else { return change }
      renamed.insert(old[0].key)
      return update(change, old[0])
    }
    result.removeAll { $0.action.isRemoval && renamed.contains($0.key) }
    return result
  }

  private static func domains(_ spec: Spec) -> Set<String> { Set(spec.normalised().domains) }
}
