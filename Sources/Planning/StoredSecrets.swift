package import Model

/// Completes fingerprints of the store, which have no hints, so that they can be compared with what NPM shows.
///
/// The hint is that of the text in the files, if it is the same text; else what NPM has is taken for what was written.
package struct StoredSecrets: Sendable {
  package private(set) var desired: DesiredState
  package private(set) var ledger: [LedgerEntry]

  package init(_ desired: DesiredState, _ observed: ObservedState, _ ledger: [LedgerEntry]) {
    self.desired = desired
    self.ledger = ledger
    let positions = Dictionary(firstOf: ledger.enumerated().map { ($1.key, $0) })
    let wanted = Dictionary(firstOf: desired.resources.map { ($0.key, $0.spec) })
    for index in ledger.indices {
      guard let applied = ledger[index].applied, applied.hasStoredFingerprints else { continue }
      let known = wanted[ledger[index].key]?.fingerprints ?? [:]
      let seen = Self.seen(ledger[index], observed)
      self.ledger[index].applied = applied.mapFingerprints { path, fingerprint in
        let digest = SecretFingerprint.digest(of: fingerprint)
        if digest != nil, let text = known[path], SecretFingerprint.digest(of: text) == digest,
          !SecretFingerprint.isStored(text)
        {
          return text
        }
        return Self.completed(fingerprint, seen[path])
      }
    }
    // Those of a rollback come from the store, too.
    self.desired.resources = desired.resources.map { resource in
      guard resource.spec.hasStoredFingerprints else { return resource }
      let seen = positions[resource.key].map { Self.seen(ledger[$0], observed) } ?? [:]
      return resource.with(spec: resource.spec.mapFingerprints { Self.completed($1, seen[$0]) })
    }
  }

  private static func completed(_ fingerprint: String, _ hint: String?) -> String {
    guard SecretFingerprint.isStored(fingerprint), let hint else { return fingerprint }
    return SecretFingerprint.digest(of: fingerprint).map { "\(hint) \($0)" } ?? hint
  }

  /// NPM's hints for the object of a row.
  private static func seen(_ entry: LedgerEntry, _ observed: ObservedState) -> [String: String] {
    let object = (observed.resources[entry.key.kind] ?? []).first { $0.ref == entry.ref }
    return object?.normalised.fingerprints ?? [:]
  }
}

extension Spec {
  /// Those of its secrets, by their paths.
  var fingerprints: [String: String] {
    var found: [String: String] = [:]
    _ = mapFingerprints { path, fingerprint in
      found[path] = fingerprint
      return fingerprint
    }
    return found
  }

  fileprivate var hasStoredFingerprints: Bool { fingerprints.values.contains(where: SecretFingerprint.isStored) }
}
