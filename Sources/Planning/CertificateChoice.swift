package import Model

/// Which certificate `auto` means: one that is good for all names of a host, by its very names before by a wildcard, and
/// of those the one that lives longest.
struct CertificateChoice {
  private struct Candidate {
    var name: String
    var key: ResourceKey?
    var facts: CertificateFacts
  }

  private let candidates: [Candidate]

  /// - Parameters:
  ///   - today: as `2026-11-21`: what ends before is not chosen.
  ///   - without: numbers of certificates that do not count.
  init(_ desired: DesiredState, _ observed: ObservedState, today: String, without: Set<ResourceID> = []) {
    let wanted = desired.resources.compactMap { resource in
      resource.certificate.map { Candidate(name: resource.key.name, key: resource.key, facts: $0) }
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

/// The certificates that hosts with `auto_request` need and nobody wrote down.
package enum AutomaticRequests {
  /// Names of such certificates in the store and in plans.
  private static let prefix = "auto-"

  /// The desired state with a certificate of Let's Encrypt for each set of names that nothing else is good for. One that was
  /// requested so before stays wanted as long as that is so.
  package static func expand(
    _ desired: DesiredState, _ observed: ObservedState, _ ledger: [LedgerEntry], today: String, email: String?
  ) -> DesiredState {
    let asking = desired.resources.filter { $0.requestsCertificate && $0.spec["certificate"] == FieldType.auto }
    guard !asking.isEmpty else { return desired }
    let ours = ledger.filter { $0.key.kind == .certificate && $0.key.name.hasPrefix(prefix) }.compactMap(\.id)
    let others = CertificateChoice(desired, observed, today: today, without: Set(ours))
    var expanded = desired
    for resource in asking {
      let domains = resource.spec.normalised().claims
      guard others.best(for: domains) == nil else { continue }
      var spec = Spec(KindDescription.certificate)
      spec["provider"] = "letsencrypt"
      spec["domain_names"] = .array(domains.map { .string($0) })
      if let email { spec["letsencrypt_email"] = .string(email) }
      var request = DesiredResource(
        key: ResourceKey(.certificate, prefix + resource.key.name), spec: spec, source: resource.source,
        labels: resource.labels)
      request.certificate = CertificateFacts(names: domains, expires: "9999-12-31")
      expanded.resources.append(request)
    }
    return expanded
  }
}
