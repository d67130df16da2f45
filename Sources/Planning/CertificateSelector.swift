import Model

/// Which certificate `auto` means: one that is good for all names of a host, by its very names before by a wildcard, and
/// of those the one that lives longest.
struct CertificateSelector {
  struct Candidate {
    /// By which NPM knows it.
    var name: String
    /// By which the YAML knows it; nil: it does not.
    var key: ResourceKey?
    /// NPM's number of one that the YAML does not know.
    fileprivate var id: ResourceID?
    fileprivate var facts: CertificateInfo
  }

  private let candidates: [Candidate]

  /// - Parameter today: as `2026-11-21`: what ends before is not chosen.
  init(_ desired: DesiredState, _ observed: ObservedState, today: String) {
    let objects = observed.resources[.certificate] ?? []
    let made = Dictionary(objects.map { ($0.nameInNPM, $0.certificate) }) { first, _ in first }
    let wanted = desired.resources.compactMap { resource -> Candidate? in
      guard var facts = resource.certificate else { return nil }
      let name = resource.spec.nameInNPM ?? resource.key.name
      // When one that is requested will end nobody knows before NPM has it: until then every other is preferred.
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

  /// nil: there is none.
  ///
  /// - Parameter without: numbers of certificates that do not count.
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

  /// Numbers of certificates that are ours and that the YAML no longer has: they are about to go.
  static func leaving(_ ledger: [LedgerEntry], _ desired: DesiredState) -> Set<ResourceID> {
    let kept = Set(desired.resources.map(\.key))
    return Set(ledger.filter { !kept.contains($0.key) }.compactMap(\.certificateID))
  }
}
