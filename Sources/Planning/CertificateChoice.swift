import Model

/// Which certificate `auto` means: one that is good for all names of a host, by its very names before by a wildcard, and
/// of those the one that lives longest.
struct CertificateChoice {
  private struct Candidate {
    var name: String
    var key: ResourceKey?
    var facts: CertificateFacts
  }

  private let candidates: [Candidate]

  /// - Parameter today: as `2026-11-21`: what ends before is not chosen.
  init(_ desired: DesiredState, _ observed: ObservedState, today: String) {
    let wanted = desired.resources.compactMap { resource in
      resource.certificate.map { Candidate(name: resource.key.name, key: resource.key, facts: $0) }
    }
    let taken = Set(desired.resources.compactMap { $0.key.kind == .certificate ? $0.spec.nameInNPM : nil })
    let present = (observed.resources[.certificate] ?? []).compactMap { object -> Candidate? in
      guard let facts = object.certificate, !taken.contains(object.nameInNPM ?? "") else { return nil }
      return Candidate(name: observed.references.name(.certificate, object.id), key: nil, facts: facts)
    }
    candidates = (wanted + present).filter { $0.facts.expires >= today }
  }

  /// The name by which the YAML or NPM knows it; nil: there is none.
  func best(for domains: [String]) -> String? {
    let fitting = candidates.filter { candidate in domains.allSatisfy(candidate.facts.covers) }
    func rank(_ candidate: Candidate) -> (Int, String, String) {
      let isExact = domains.allSatisfy(candidate.facts.coversExactly)
      return (isExact ? 1 : 0, candidate.facts.expires, candidate.name)
    }
    return fitting.max { rank($0) < rank($1) }?.name
  }
}
