package import Model

/// What a request to Let's Encrypt does to other hosts, and how many requests are allowed.
///
/// NPM rewrites the configuration of every host that shares a name with a request, without its certificate and access
/// list, until the next write to that host: so these hosts are written again, unchanged, right after.
package struct CertificateRequestRule {
  /// Let's Encrypt issues five certificates a week for one set of names; the last one is left for requests in NPM's UI.
  package static let weeklyLimit = 4

  private let observed: ObservedState
  private let requests: [Set<String>: Int]

  /// - Parameter requests: how often each set of names was requested within the last week.
  init(_ observed: ObservedState, requests: [Set<String>: Int]) {
    self.observed = observed
    self.requests = requests
  }

  func apply(to changes: inout [Change]) {
    for index in changes.indices where changes[index].action == .create {
      guard let spec = changes[index].desired, ResourceSchema.isRequested(spec) else { continue }
      let names = Set(spec.requestedNames)
      if let count = requests[names], count >= Self.weeklyLimit {
        changes[index].block(
          BlockReason(
            .requestBudget, "\(count) requests for these names within a week; Let's Encrypt would refuse the next ones",
            hint: "look why the earlier ones failed: 'reconciler events'; then wait, or request it in NPM"))
      } else {
        changes[index].rewrites = Self.hosts(sharing: names, observed)
      }
    }
  }

  /// Hosts of any owner that nginx serves for one of these names.
  package static func hosts(sharing names: Set<String>, _ observed: ObservedState) -> [ObservedResource] {
    let folded = Set(names.map { $0.lowercased() })
    return observed.resources.values.joined()
      .filter { object in object.isEnabled && object.spec.claims.contains { folded.contains($0.lowercased()) } }
      .sorted { $0.ref < $1.ref }
  }
}
