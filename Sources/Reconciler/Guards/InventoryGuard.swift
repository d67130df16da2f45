import Model
import Planning

/// Checks whether NPM's list and the store's state are consistent.
struct InventoryGuard {
  private let hosts: [ObservedResource]
  private let ledger: [LedgerEntry]
  private let owner: String

  init(_ observed: ObservedState, _ ledger: [LedgerEntry], owner: String) {
    hosts = observed.resources.values.flatMap { $0 }
    self.ledger = ledger
    self.owner = owner
  }

  /// A list with less than half of the managed objects is not acted upon: the account may see less.
  var missingHosts: [Diagnostic] {
    let known = Set(ledger.compactMap(\.ref))
    let seen = hosts.count { known.contains($0.ref) }
    guard seen * 2 < known.count else { return [] }
    return [
      Diagnostic(
        .incompleteList, "NPM lists \(seen) of the \(known.count) hosts that are ours",
        hint: "check that the account sees all hosts; if NPM really lost them, run once with --rebuild-ledger")
    ]
  }

  /// Hosts with our marker that are neither in the store nor in the plan: forgotten ones, or copies.
  func unmanagedHosts(_ plan: Plan) -> [Diagnostic] {
    let known = Set(ledger.compactMap(\.ref) + (plan.changes + plan.withheld).compactMap(\.ref))
    return hosts.compactMap { host in
      guard let marker = host.marker, marker.owner == owner, !known.contains(host.ref) else { return nil }
      return Diagnostic(
        .ledgerMissing,
        "\(host.ref.description) (\(host.spec.claims.joined(separator: ", "))) carries our marker as '\(marker.name)', but is not managed",
        hint:
          "it is left alone; to manage it, put its domains into the YAML as '\(marker.name)' and run with --rebuild-ledger",
        severity: .warning)
    }
  }
}
