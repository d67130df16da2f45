package import Model

/// Passwords that the files want "as NPM has them" (`keep: true`), resolved to what NPM has: they differ from nothing.
///
/// Where NPM has none, the placeholder stays: `SecretRule` blocks what would need the word.
package struct KeptSecrets: Sendable {
  package private(set) var desired: DesiredState
  /// With NPM's hints only for what is kept: a text that was written once is not known to be there any more.
  package private(set) var ledger: [LedgerEntry]
  /// Those of its rows that changed.
  package private(set) var ledgerUpdates: [LedgerEntry] = []

  package init(_ desired: DesiredState, _ observed: ObservedState, _ ledger: [LedgerEntry]) {
    self.desired = desired
    self.ledger = ledger
    guard desired.resources.contains(where: { $0.spec.keepsSecrets }) else { return }
    let positions = Dictionary(firstOf: ledger.enumerated().map { ($1.key, $0) })
    self.desired.resources = desired.resources.map { resource in
      guard resource.spec.keepsSecrets else { return resource }
      let position = positions[resource.key]
      guard let object = Self.object(of: resource, position.map { ledger[$0] }, observed) else { return resource }
      let hints = object.normalised.fingerprints
      let spec = resource.spec.mapFingerprints { path, fingerprint in
        fingerprint == SecretFingerprint.kept ? hints[path] ?? fingerprint : fingerprint
      }
      if let position { forget(resource.spec.fingerprints, at: position) }
      return resource.with(spec: spec)
    }
  }

  /// Forgets the digests of what is kept.
  private mutating func forget(_ wanted: [String: String], at position: Int) {
    guard let applied = ledger[position].applied else { return }
    let bare = applied.mapFingerprints { path, fingerprint in
      wanted[path] == SecretFingerprint.kept ? SecretFingerprint.hint(of: fingerprint) : fingerprint
    }
    guard bare != applied else { return }
    ledger[position].applied = bare
    ledgerUpdates.append(ledger[position])
  }

  /// The one that the store knows, as long as it is that; else the only one of that name in NPM, as after NPM lost it and
  /// it was made again by hand.
  private static func object(
    of resource: DesiredResource, _ entry: LedgerEntry?, _ observed: ObservedState
  ) -> ObservedResource? {
    let objects = observed.resources[resource.key.kind] ?? []
    if let entry, let known = objects.first(where: { $0.ref == entry.ref }),
      entry.createdOn.map({ $0.isEmpty || $0 == known.createdOn }) ?? true
    {
      return known
    }
    let named = objects.filter { $0.nameInNPM == resource.spec.nameInNPM }
    return named.count == 1 ? named[0] : nil
  }
}
