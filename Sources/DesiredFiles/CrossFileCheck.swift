import Model

/// Checks across all files.
enum CrossFileCheck {
  static func run(_ resources: [LocatedResource]) -> [Diagnostic] {
    duplicateNames(resources) + duplicateClaims(resources) + shadows(resources)
      + circles(resources) + unused(resources) + CertificateCheck.coverage(resources)
  }

  private static func duplicateNames(_ resources: [LocatedResource]) -> [Diagnostic] {
    var first: [ResourceKey: SourceLocation] = [:]
    var named: [ResourceKey: (owner: String, place: SourceLocation)] = [:]
    var found: [Diagnostic] = []
    for entry in resources.map(\.resource) {
      if let earlier = first[entry.key] {
        found.append(
          Diagnostic(
            .duplicateName, "there is already a \(entry.key)", at: entry.source,
            hint: "a name is an identity: give one of them another",
            note: Diagnostic.Note("first used", at: earlier)))
        continue
      }
      first[entry.key] = entry.source
      guard let name = entry.spec.nameInNPM else { continue }
      if let earlier = named[ResourceKey(entry.key.kind, name)] {
        found.append(
          Diagnostic(
            .duplicateName, "'\(earlier.owner)' is called '\(name)' in NPM, too", at: entry.source,
            hint: "NPM would have two of that name: give one of them another",
            note: Diagnostic.Note("first used", at: earlier.place)))
      }
      named[ResourceKey(entry.key.kind, name)] = (entry.key.name, entry.source)
    }
    return found
  }

  /// A domain belongs to one host and a port to one stream, whatever their kinds.
  private static func duplicateClaims(_ resources: [LocatedResource]) -> [Diagnostic] {
    var first: [String: (owner: String, place: SourceLocation)] = [:]
    var found: [Diagnostic] = []
    for entry in resources {
      for claim in entry.claims {
        let folded = claim.name.lowercased()
        if let earlier = first[folded] {
          let isPort = claim.name.contains("/")
          found.append(
            Diagnostic(
              isPort ? .duplicatePort : .duplicateDomain,
              "'\(claim.name)' is already \(isPort ? "taken" : "served") by '\(earlier.owner)'", at: claim.location,
              note: Diagnostic.Note("first used", at: earlier.place)))
        } else {
          first[folded] = (entry.resource.key.name, claim.location)
        }
      }
    }
    return found
  }

  /// nginx prefers an exact name to a wildcard: the host with the wildcard never receives those requests.
  private static func shadows(_ resources: [LocatedResource]) -> [Diagnostic] {
    let all = resources.flatMap { entry in entry.claims.map { (owner: entry.resource.key, claim: $0) } }
    return all.filter { $0.claim.name.hasPrefix("*.") }.compactMap { wild in
      let tail = wild.claim.name.dropFirst().lowercased()
      let others = all.filter { other in
        other.owner != wild.owner && other.owner.kind != wild.owner.kind && !other.claim.name.hasPrefix("*")
          && other.claim.name.lowercased().hasSuffix(tail)
      }
      guard let first = others.first else { return nil }
      let more = others.count > 1 ? " and \(others.count - 1) more" : ""
      return Diagnostic(
        .shadowedDomain, "'\(wild.claim.name)' does not get the requests for \(first.claim.name)\(more)",
        at: wild.claim.location, note: Diagnostic.Note("a \(first.owner.kind.title) has it", at: first.claim.location),
        severity: .warning)
    }
  }

  /// Redirections to a name that only their own wildcard matches.
  private static func circles(_ resources: [LocatedResource]) -> [Diagnostic] {
    let names = Set(resources.flatMap { $0.claims.map { $0.name.lowercased() } })
    return resources.compactMap { entry in
      guard let text = entry.resource.spec["forward_domain_name"].stringValue else { return nil }
      guard let host = RedirectTarget.host(of: text) else { return nil }
      let isOwn = entry.claims.map { $0.name.lowercased() }.contains { name in
        (name.hasPrefix("*.") && host.hasSuffix(name.dropFirst()))
          || (name.hasSuffix(".*") && host.hasPrefix(name.dropLast()))
      }
      guard isOwn, !names.contains(host) else { return nil }
      return Diagnostic(
        .badURL, "it sends '\(host)' to itself, for ever, unless another host of NPM has that name",
        at: entry.resource.fieldSources["forward_domain_name"]?.location ?? entry.resource.source, severity: .warning)
    }
  }

  /// Objects that exist only to be referred to, without any reference.
  private static func unused(_ resources: [LocatedResource]) -> [Diagnostic] {
    var used: Set<ResourceKey> = []
    for resource in resources.map(\.resource) {
      for field in resource.spec.schema.fields {
        guard case .reference(let kind) = field.type, let name = resource.spec[field.name].stringValue else { continue }
        used.insert(ResourceKey(kind, name))
      }
    }
    return resources.map(\.resource).filter { $0.spec.schema.isReferredTo && !used.contains($0.key) }.map { resource in
      Diagnostic(
        .unusedReference, "nothing here uses the \(resource.key)", at: resource.source, severity: .warning)
    }
  }
}
