package import Model

/// Passwords that the files want "as NPM has them" (`keep: true`).
package enum KeptSecrets {
  /// The desired state with what NPM has in their places, so that they differ from nothing. Where NPM has none, the
  /// placeholder stays: `SecretRule` blocks what would need the word.
  package static func resolve(_ desired: DesiredState, _ observed: ObservedState, _ ledger: [LedgerEntry])
    -> DesiredState
  {
    guard desired.resources.contains(where: { $0.spec.keepsSecrets }) else { return desired }
    let entries = Dictionary(firstOf: ledger.map { ($0.key, $0) })
    var resolved = desired
    resolved.resources = desired.resources.map { resource in
      guard resource.spec.keepsSecrets else { return resource }
      let entry = entries[resource.key]
      guard let object = object(of: resource, entry, observed) else { return resource }
      // As it is compared: with the digest of the last write, where that still fits NPM's hint.
      var known: [String: String] = [:]
      _ = object.normalised.unmasked(by: entry?.applied).mapFingerprints { path, fingerprint in
        known[path] = fingerprint
        return fingerprint
      }
      return resource.with(
        spec: resource.spec.mapFingerprints { path, fingerprint in
          fingerprint == SecretFingerprint.kept ? known[path] ?? fingerprint : fingerprint
        })
    }
    return resolved
  }

  /// The one that the store knows, else the only one of that name in NPM.
  private static func object(
    of resource: DesiredResource, _ entry: LedgerEntry?, _ observed: ObservedState
  ) -> ObservedResource? {
    let objects = observed.resources[resource.key.kind] ?? []
    if let ref = entry?.ref { return objects.first { $0.ref == ref } }
    let named = objects.filter { $0.nameInNPM == resource.spec.nameInNPM }
    return named.count == 1 ? named[0] : nil
  }
}
