import Model

/// Looks at whether what NPM lists and what the store knows can both be right.
struct Evidence {
  /// Hosts of ours from which a missing half means something.
  private static let floor = 4

  private let hosts: [ObservedResource]
  private let ledger: [LedgerEntry]
  private let desired: Set<ResourceKey>
  private let owner: String

  init(_ observed: ObservedState, _ ledger: [LedgerEntry], _ desired: DesiredState, owner: String) {
    hosts = observed.resources.values.flatMap { $0 }
    self.ledger = ledger
    self.desired = Set(desired.resources.map(\.key))
    self.owner = owner
  }

  /// A list with less than half of what is ours is not acted upon: it may be the account that sees less.
  var missingHosts: [Diagnostic] {
    let known = Set(ledger.compactMap(\.id))
    let seen = hosts.count { known.contains($0.id) }
    guard known.count >= Self.floor, seen * 2 < known.count else { return [] }
    return [
      Diagnostic(
        .incompleteList, "NPM lists \(seen) of the \(known.count) hosts that are ours",
        hint: "check that the account sees all hosts; if NPM really lost them, run once with --rebuild-ledger")
    ]
  }

  /// Hosts that carry our mark, but that neither the YAML nor the store knows.
  var strayHosts: [Diagnostic] {
    let known = Set(ledger.map(\.key))
    return hosts.compactMap { host in
      guard let marker = host.marker, marker.owner == owner else { return nil }
      let key = ResourceKey(host.kind, marker.name)
      guard !known.contains(key), !desired.contains(key) else { return nil }
      return Diagnostic(
        .ledgerMissing,
        "host \(host.id) (\(host.spec.domains.joined(separator: ", "))) carries our marker as '\(marker.name)', but nobody looks after it",
        hint: "put '\(marker.name)' into the YAML and run with --rebuild-ledger, or remove the host in NPM",
        severity: .warning)
    }
  }
}
