package import Model

/// Pairs of a name that is gone from the files and a new one that may be its new name: whoever is about the one is about
/// both. Otherwise half of a rename would be made, which is a delete.
package struct RenamePartners: Sendable {
  private var pairs: [(old: ResourceKey, new: ResourceKey)] = []

  package init(_ desired: DesiredState, _ ledger: [LedgerEntry], _ observed: ObservedState) {
    let known = Set(desired.resources.map(\.key))
    let managed = Set(ledger.map(\.key))
    let gone = ledger.filter { !known.contains($0.key) }
    guard !gone.isEmpty else { return }
    let objects = Dictionary(firstOf: observed.all.map { ($0.ref, $0) })
    for resource in desired.resources where !managed.contains(resource.key) {
      let identity = Set(resource.normalised.identityKeys)
      for entry in gone where entry.key.kind == resource.key.kind && !identity.isEmpty {
        // What we wrote, and what it serves now.
        let there = entry.ref.flatMap { objects[$0] }?.normalised.identityKeys ?? []
        if identity == Set(entry.claims) || identity == Set(there) { pairs.append((entry.key, resource.key)) }
      }
    }
  }

  package func partners(of keys: Set<ResourceKey>) -> Set<ResourceKey> {
    Set(pairs.filter { keys.contains($0.old) || keys.contains($0.new) }.flatMap { [$0.old, $0.new] })
  }
}
