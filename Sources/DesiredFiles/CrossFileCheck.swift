import Model

/// What only shows when all files are seen together.
enum CrossFileCheck {
  static func run(_ resources: [LocatedResource]) -> [Diagnostic] {
    duplicateNames(resources) + duplicateDomains(resources)
  }

  private static func duplicateNames(_ resources: [LocatedResource]) -> [Diagnostic] {
    var first: [ResourceKey: SourceLocation] = [:]
    var found: [Diagnostic] = []
    for entry in resources.map(\.resource) {
      if let earlier = first[entry.key] {
        found.append(
          Diagnostic(
            .duplicateName, "there is already a \(entry.key)", at: entry.source,
            hint: "a name is an identity: give one of them another",
            note: Diagnostic.Note("first used", at: earlier)))
      } else {
        first[entry.key] = entry.source
      }
    }
    return found
  }

  private static func duplicateDomains(_ resources: [LocatedResource]) -> [Diagnostic] {
    var first: [String: (owner: String, place: SourceLocation)] = [:]
    var found: [Diagnostic] = []
    for entry in resources {
      for domain in entry.domains {
        let folded = domain.name.lowercased()
        if let earlier = first[folded] {
          found.append(
            Diagnostic(
              .duplicateDomain, "'\(domain.name)' is already served by '\(earlier.owner)'", at: domain.location,
              note: Diagnostic.Note("first used", at: earlier.place)))
        } else {
          first[folded] = (entry.resource.key.name, domain.location)
        }
      }
    }
    return found
  }
}
