import Hashing
package import Model

/// The certificates that hosts with `auto_request` need and nobody wrote down.
package enum AutomaticCertificates {
  /// Begins their names in the store and in plans; no name of the YAML can have it.
  private static let prefix = "auto:"

  static func isAutomatic(_ key: ResourceKey) -> Bool { key.kind == .certificate && key.name.hasPrefix(prefix) }

  /// By what it is for, not by who asks: a host may get another name, and two kinds may have hosts of one name.
  private static func key(_ domains: [String]) -> ResourceKey {
    guard domains.count > 3, let first = domains.first else {
      return ResourceKey(.certificate, prefix + domains.joined(separator: ","))
    }
    let digest = SHA256Digest.labelled(Array(domains.joined(separator: ",").utf8)).dropFirst("sha256:".count).prefix(8)
    return ResourceKey(.certificate, "\(prefix)\(first)+\(domains.count - 1):\(digest)")
  }

  /// The desired state with a certificate of Let's Encrypt for each set of names that nothing else is good for. One that was
  /// requested so before stays wanted as long as that is so.
  package static func expand(
    _ desired: DesiredState, _ observed: ObservedState, _ ledger: [LedgerEntry], today: String, email: String?
  ) -> DesiredState {
    let asking = desired.resources.filter { resource in
      resource.requestsCertificate && resource.spec["certificate"] == FieldType.auto
        && resource.spec["enabled"] != false
    }
    guard !asking.isEmpty else { return desired }
    // What is requested so, and what leaves the YAML, is not there for others.
    let leaving = CertificateSelector.leaving(ledger, desired)
    let choice = CertificateSelector(desired, observed, today: today)
    var expanded = desired
    var known = Set(desired.resources.map(\.key))
    for resource in asking {
      let domains = resource.normalised.claims
      // Wildcards are proved by DNS, for which somebody has to write down how.
      guard choice.best(for: domains, without: leaving) == nil, !domains.contains(where: { $0.hasPrefix("*") }) else {
        continue
      }
      var spec = Spec(ResourceSchema.certificate)
      spec["provider"] = "letsencrypt"
      spec["domain_names"] = .array(domains.map { .string($0) })
      if let email { spec["letsencrypt_email"] = .string(email) }
      var metadata = DesiredResource.Metadata()
      metadata.labels = resource.labels
      let request = DesiredResource(
        key: key(domains), spec: spec, source: resource.source, metadata: metadata,
        certificate: CertificateInfo(names: domains, expires: ""))
      if known.insert(request.key).inserted { expanded.resources.append(request) }
    }
    return expanded
  }

  /// Nothing is requested for who does not get it in the same run.
  package static func prune(_ plan: inout Plan) {
    let needed = Set(plan.effective.flatMap(\.dependsOn))
    plan.changes.removeAll { change in
      change.action == .create && isAutomatic(change.key) && !needed.contains(change.key)
    }
  }
}
