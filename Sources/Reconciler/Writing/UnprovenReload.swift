import Model
import NPMClient
import Planning
import Store

/// A change after which nginx was not seen to reload, of a run that is over: whatever became of it since, what NPM has is
/// only known to be served after a reload that was seen. Where nothing else is to be written, a host of ours is, unchanged.
struct UnprovenReload {
  let change: String
  /// What is written to see a reload.
  let host: ObservedResource

  /// nil: there is nothing of ours that could be written.
  init?(_ change: String, _ observed: ObservedState, _ ledger: [LedgerEntry]) {
    let ours = Set(ledger.compactMap(\.ref))
    let served = observed.all.filter { ours.contains($0.ref) && $0.isEnabled && $0.spec.schema.hasNginxState }
    // One that nginx takes, and that is not away for a moment when it is written.
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

  /// - Returns: nil: nginx reloaded, or nothing tells.
  func prove(_ writer: ObjectWriter) async -> Diagnostic? {
    guard await writer.neighbours.isRewritten(host) else {
      return Diagnostic(.reloadUnproven, "\(warning.message); \(host.label) could not be written to see", hint: nil)
    }
    guard await writer.rows.reload.proof() == .notReloaded else { return nil }
    return Diagnostic(
      .reloadUnproven, warning.message,
      hint: "look at nginx's log where NPM runs ('bind() ... failed'): another process may hold the port of a stream")
  }
}
