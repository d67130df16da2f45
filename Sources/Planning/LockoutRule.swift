package import Model

/// Refuses changes that would cut off access to NPM's own UI.
package struct LockoutRule {
  /// Fields that cannot prevent a request from reaching its destination.
  private static let harmless: Set<String> = [
    "caching_enabled", "http2_support", "hsts_enabled", "hsts_subdomains", "allow_websocket_upgrade", "block_exploits",
    "trust_forwarded_proto", FieldDiff.markerField, FieldDiff.nginxField, "domain_names",
  ]

  private let npmHost: String
  /// The domain in NPM's own address, and the host that serves it.
  private let adminHost: (domain: String, id: ResourceID)?

  /// - Parameter npmHost: the host in the address by which we reach NPM.
  package init(_ observed: ObservedState, npmHost: String) {
    self.npmHost = npmHost.lowercased()
    var owners: [String: ResourceID] = [:]
    for host in observed.resources[.proxyHost] ?? [] where host.isEnabled {
      for domain in host.spec.claims { owners[domain.lowercased()] = host.id }
    }
    let domain = Self.candidates(self.npmHost).first { owners[$0] != nil }
    adminHost = domain.flatMap { name in owners[name].map { (name, $0) } }
  }

  /// Why a plan is refused; empty: it is not refused.
  package func refusals(of plan: Plan) -> [Diagnostic] {
    guard let adminHost else { return [] }
    return plan.changes.compactMap { change in
      guard !change.isBlocked, let what = harm(change, adminHost) else { return nil }
      return Diagnostic(
        .selfLockout,
        "NPM itself is reached through \(adminHost.domain) (host \(adminHost.id)), which would be \(what)",
        at: change.source,
        hint: "reach NPM by its own port (npm.url: http://host:81), or run with --allow-self-lockout")
    }
  }

  private func harm(_ change: Change, _ adminHost: (domain: String, id: ResourceID)) -> String? {
    guard change.ref == ObjectRef(.proxyHost, adminHost.id) else {
      let better = Self.candidates(npmHost).prefix { $0 != adminHost.domain }
      let shadows = change.desired?.claims.contains(where: better.contains) == true
      return shadows ? "shadowed by '\(change.key.name)'" : nil
    }
    if change.action.takesSiteDown { return change.action == .delete ? "deleted" : "disabled" }
    guard let desired = change.desired else { return nil }
    if desired["enabled"] == false { return "disabled" }
    if !desired.claims.contains(adminHost.domain) { return "taken off that host" }
    return change.fields.first { !Self.harmless.contains($0.path) }.map { "changed (\($0.path))" }
  }

  /// What nginx matches a name against, in order: the name itself, then wildcards, the longest first.
  private static func candidates(_ name: String) -> [String] {
    var found = [name]
    var rest = name[...]
    while let dot = rest.firstIndex(of: ".") {
      rest = rest[rest.index(after: dot)...]
      found.append("*." + rest)
    }
    return found
  }
}
