import Model

/// Which certificate `auto` means: one that is good for all names of a host, by its very names before by a wildcard, and
/// of those the one that lives longest.
struct CertificateChoice {
  struct Candidate {
    /// By which NPM knows it.
    var name: String
    /// By which the YAML knows it; nil: it does not.
    var key: ResourceKey?
    fileprivate var facts: CertificateFacts
  }

  private let candidates: [Candidate]

  /// - Parameters:
  ///   - today: as `2026-11-21`: what ends before is not chosen.
  ///   - without: numbers of certificates that do not count.
  init(_ desired: DesiredState, _ observed: ObservedState, today: String, without: Set<ResourceID> = []) {
    let wanted = desired.resources.compactMap { resource -> Candidate? in
      guard var facts = resource.certificate else { return nil }
      // When one that is requested will end nobody knows before NPM has it: until then every other is preferred.
      if KindDescription.isRequested(resource.spec) {
        let made = (observed.resources[.certificate] ?? []).first { $0.nameInNPM == resource.spec.nameInNPM }
        facts.expires = made?.certificate?.expires ?? today
      }
      return Candidate(name: resource.spec.nameInNPM ?? resource.key.name, key: resource.key, facts: facts)
    }
    let taken = Set(desired.resources.compactMap { $0.key.kind == .certificate ? $0.spec.nameInNPM : nil })
    let present = (observed.resources[.certificate] ?? []).compactMap { object -> Candidate? in
      guard let facts = object.certificate, !taken.contains(object.nameInNPM ?? ""),
        !without.contains(object.id)
      else { return nil }
      return Candidate(name: observed.references.name(.certificate, object.id), key: nil, facts: facts)
    }
    candidates = (wanted + present).filter { $0.facts.expires >= today }
  }

  /// nil: there is none.
  func best(for domains: [String]) -> Candidate? {
    let fitting = candidates.filter { candidate in domains.allSatisfy(candidate.facts.covers) }
    func rank(_ candidate: Candidate) -> (Int, String, String) {
      let isExact = domains.allSatisfy(candidate.facts.coversExactly)
      return (isExact ? 1 : 0, candidate.facts.expires, candidate.name)
    }
    return fitting.max { rank($0) < rank($1) }
  }
}
