import Model
import NPMClient
import Planning
import Store

/// A change of an earlier run after which no nginx reload was observed: until one is, NPM's state is not known to be
/// served. If nothing else is to be written, a managed host is written unchanged.
struct UnprovenReload {
  let change: String
  /// The host to write to observe a reload.
  let host: ObservedResource

  /// nil: there is no managed host that could be written.
  init?(_ change: String, _ observed: ObservedState, _ ledger: [LedgerEntry]) {
    let ours = Set(ledger.compactMap(\.ref))
    let served = observed.all.filter { ours.contains($0.ref) && $0.isEnabled && $0.spec.schema.hasNginxState }
    // A host that nginx accepts and that stays available while it is written.
    guard let host = served.first(where: { $0.nginx == .online && $0.spec.schema.staleSince == nil }) else {
      return nil
    }
    self.change = change
    self.host = host
  }

  var warning: Diagnostic {
    Diagnostic(
      .reloadUnproven, "nginx was not seen to reload since '\(change)': it may serve what it served before",
      hint: "apply writes \(host.label) again, unchanged, to see it reload", severity: .warning)
  }

  /// - Returns: nil: nginx reloaded, or there is no evidence.
  func prove(_ writer: ObjectWriter) async -> Diagnostic? {
    guard await writer.sideEffects.isRewritten(host) else {
      return Diagnostic(.reloadUnproven, "\(warning.message); \(host.label) could not be written to see", hint: nil)
    }
    guard await writer.rows.reload.proof() == .notReloaded else { return nil }
    return Diagnostic(
      .reloadUnproven, warning.message,
      hint: "look at nginx's log where NPM runs ('bind() ... failed'): another process may hold the port of a stream")
  }
}
