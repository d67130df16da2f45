import Hashing
package import Model

/// The certificates that hosts with `auto_request` need and the YAML does not define.
package enum AutomaticCertificates {
  /// The prefix of their names in the store and in plans; no name in the YAML can have it.
  private static let prefix = "auto:"

  static func isAutomatic(_ key: ResourceKey) -> Bool { key.kind == .certificate && key.name.hasPrefix(prefix) }

  /// Named by its domains, not by its host: a host may be renamed, and hosts of two kinds may share a name.
  private static func key(_ domains: [String]) -> ResourceKey {
    guard domains.count > 3, let first = domains.first else {
      return ResourceKey(.certificate, prefix + domains.joined(separator: ","))
    }
    let digest = SHA256Digest.labelled(Array(domains.joined(separator: ",").utf8)).dropFirst("sha256:".count).prefix(8)
    return ResourceKey(.certificate, "\(prefix)\(first)+\(domains.count - 1):\(digest)")
  }

  /// The desired state with a Let's Encrypt certificate for each set of names that no other certificate covers. One
  /// that was requested this way stays desired as long as that holds.
  package static func expand(
    _ desired: DesiredState, _ observed: ObservedState, _ ledger: [LedgerEntry], today: String, email: String?
  ) -> DesiredState {
    let asking = desired.resources.filter { resource in
      resource.requestsCertificate && resource.spec["certificate"] == FieldType.auto
        && resource.spec["enabled"] != false
    }
    guard !asking.isEmpty else { return desired }
    // Certificates requested this way, or removed from the YAML, are not available to other hosts.
    let leaving = CertificateSelector.leaving(ledger, desired)
    let choice = CertificateSelector(desired, observed, today: today)
    var expanded = desired
    var known = Set(desired.resources.map(\.key))
    for resource in asking {
      let domains = resource.normalised.claims
      // Wildcards need a DNS challenge, which must be configured in the YAML.
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

  /// Requests no certificate that no host would get in the same run.
  package static func prune(_ plan: inout Plan) {
    let needed = Set(plan.effective.flatMap(\.dependsOn))
    plan.changes.removeAll { change in
      change.action == .create && isAutomatic(change.key) && !needed.contains(change.key)
    }
  }
}
