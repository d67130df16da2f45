import Model

/// Which certificate `auto` means: one that covers all names of a host, an exact match before a wildcard, and of those
/// the one that expires last.
struct CertificateSelector {
  struct Candidate {
    /// Its name in NPM.
    var name: String
    /// Its name in the YAML; nil: it has none.
    var key: ResourceKey?
    /// NPM's number, for one that is not in the YAML.
    fileprivate var id: ResourceID?
    fileprivate var facts: CertificateInfo
  }

  private let candidates: [Candidate]

  /// - Parameter today: as `2026-11-21`: certificates that expire before are not chosen.
  init(_ desired: DesiredState, _ observed: ObservedState, today: String) {
    let objects = observed.resources[.certificate] ?? []
    let made = Dictionary(firstOf: objects.map { ($0.nameInNPM, $0.certificate) })
    let wanted = desired.resources.compactMap { resource -> Candidate? in
      guard var facts = resource.certificate else { return nil }
      let name = resource.spec.nameInNPM ?? resource.key.name
      // The expiry of a requested certificate is unknown until NPM has it: until then every other is preferred.
      if ResourceSchema.isRequested(resource.spec) { facts.expires = (made[name] ?? nil)?.expires ?? today }
      return Candidate(name: name, key: resource.key, facts: facts)
    }
    let taken = Set(desired.resources.compactMap { $0.key.kind == .certificate ? $0.spec.nameInNPM : nil })
    let present = objects.compactMap { object -> Candidate? in
      guard let facts = object.certificate, !taken.contains(object.nameInNPM ?? "") else { return nil }
      return Candidate(name: observed.references.name(.certificate, object.id), id: object.id, facts: facts)
    }
    candidates = (wanted + present).filter { $0.facts.expires >= today }
  }

  /// nil: no certificate fits.
  ///
  /// - Parameter without: numbers of certificates to ignore.
  func best(for domains: [String], without: Set<ResourceID> = []) -> Candidate? {
    let fitting = candidates.filter { candidate in
      domains.allSatisfy(candidate.facts.covers) && candidate.id.map(without.contains) != true
    }
    func rank(_ candidate: Candidate) -> (Int, String, String) {
      let isExact = domains.allSatisfy(candidate.facts.coversExactly)
      return (isExact ? 1 : 0, candidate.facts.expires, candidate.name)
    }
    return fitting.max { rank($0) < rank($1) }
  }

  /// Numbers of certificates that we own and that are gone from the YAML: they are about to be deleted.
  static func leaving(_ ledger: [LedgerEntry], _ desired: DesiredState) -> Set<ResourceID> {
    let kept = Set(desired.resources.map(\.key))
    return Set(ledger.filter { !kept.contains($0.key) }.compactMap(\.certificateID))
  }
}
