import Model

/// Any request to Let's Encrypt removes TLS and the access list from hosts that share a name with it, until their next
/// write. If it succeeded, NPM has a certificate newer than our last write.
enum StrippedHosts {
  static func mark(_ observed: inout ObservedState, _ ledger: [LedgerEntry]) {
    let requested = (observed.resources[.certificate] ?? []).filter { ResourceSchema.isRequested($0.spec) }
    guard !requested.isEmpty else { return }
    let written = Dictionary(ledger.compactMap { entry in entry.ref.map { ($0, entry.modifiedOn ?? "") } }) { $1 }
    for kind in observed.resources.keys {
      observed.resources[kind] = observed.resources[kind]?.map { host in
        guard host.guardState == .unknown, host.isEnabled, host.spec.schema.hasNginxState, let last = written[host.ref]
        else {
          return host
        }
        let names = Set(host.spec.claims.map { $0.lowercased() })
        let isYounger = requested.contains { certificate in
          certificate.createdOn > last && !names.isDisjoint(with: certificate.normalised.requestedNames)
        }
        return isYounger ? host.with(guardState: .stripped) : host
      }
    }
  }
}
