import Model
import NPMClient
import Planning
import Probe
import Store

/// All evidence that visitors get what was written: nginx's idle connections, and its data plane where it is known.
/// NPM's own status comes before, from `Verifier`.
struct ServedProof: Sendable {
  let reload: ReloadWitness
  let dataPlane: DataPlaneProof?
  /// Access lists by their names in NPM, in their desired state.
  let lists: [String: Spec]
  /// Digests of uploaded certificates by their names in NPM, in their desired state.
  let certificates: [String: String]
  /// The observed state, for names that other hosts serve, and for streams.
  let observed: ObservedState

  /// Called after a write that NPM confirmed; nil: all available evidence agrees.
  func contradiction(_ change: Change) async -> Diagnostic? {
    guard change.reloadsNginx else { return nil }
    let seen = await look(change)
    if case .contradicted(let what) = seen {
      return unproven(change, "NPM accepted the change, but visitors get something else: \(what)")
    }
    guard await reload.proof() == .notReloaded else { return nil }
    if seen == .served, DataPlaneProof.isNews(change) {
      // The data plane shows the result of this very write: such a connection is no evidence here.
      await reload.learn(false)
      return nil
    }
    return unproven(
      change,
      "NPM accepted the change, but nginx did not reload and still serves the old configuration: \(suspicion(change))")
  }

  private func look(_ change: Change) async -> DataPlaneProof.Proof {
    guard let dataPlane, change.key.kind != .accessList else { return .unknown }
    let others = observed.all.filter { $0.isEnabled && $0.ref != change.ref }.flatMap(\.spec.claims)
    return await dataPlane.proof(
      change, guards: guards, certificates: certificates, others: Set(others.map { $0.lowercased() }))
  }

  /// Whether a list requires a password from everyone; nil: clients from an allowed address may not need one, or the
  /// list is not known.
  private func guards(_ spec: Spec) -> Bool? {
    spec["access_list"].stringValue.flatMap { lists[$0] }.flatMap { $0.requiresPassword ? true : nil }
  }

  private func suspicion(_ change: Change) -> String {
    if change.key.kind == .stream { return "another process may hold \(change.claims.joined(separator: ", "))" }
    let streams = (observed.resources[.stream] ?? []).filter(\.isEnabled)
    let newest = streams.sorted { $0.modifiedOn > $1.modifiedOn }.prefix(3)
    guard !newest.isEmpty else { return "it could not do what its files say" }
    let ports = newest.map { "\($0.spec.claims.joined(separator: ", ")) (\($0.ref.description))" }.joined(
      separator: "; ")
    return "another process may hold the port of a stream, changed last: \(ports)"
  }

  private func unproven(_ change: Change, _ message: String) -> Diagnostic {
    Diagnostic(
      .reloadUnproven, message, at: change.source,
      hint:
        "look at nginx's log where NPM runs ('bind() ... failed'), and run 'nginx -t'; where something else stands between us and NPM, set npm.reload_witness: off"
    )
  }
}

extension Spec {
  /// For an access list: no client gets in without a password, from any address.
  package var requiresPassword: Bool {
    let items = self["items"].arrayValue ?? [], clients = self["clients"].arrayValue ?? []
    return !items.isEmpty && (clients.isEmpty || self["satisfy_any"] != true)
  }
}
