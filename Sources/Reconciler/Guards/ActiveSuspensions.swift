import Model
import Platform
import Store

/// Active suspensions: from the command line, or from a maintenance window. Read again before each write, because an
/// operator may suspend something during a run.
struct ActiveSuspensions: Sendable {
  let stores: StoreSet
  let settings: ReconcileOptions

  /// A rollback is an explicit request: earlier suspensions do not block it.
  ///
  /// - Throws: `StoreError`.
  func now() async throws -> SuspensionSet {
    if case .rollBack = settings.purpose { return SuspensionSet() }
    var found = SuspensionSet(everything: settings.maintenance(settings.now()))
    for record in try await stores.suspensions.suspensions(at: settings.now()) {
      let suspension = Suspension(until: record.until?.iso8601 ?? "resumed", reason: record.reason)
      switch record.subject {
      case .everything: found.everything = suspension
      case .resource(let key): found.resources[key] = suspension
      }
    }
    return found
  }

  /// Why a change is blocked now; nil: it is not. A store that cannot be read blocks the change.
  func blockReason(for key: ResourceKey, formerly former: ResourceKey?) async -> Diagnostic? {
    do {
      let set = try await now()
      guard let found = set.covering(key) ?? former.flatMap({ set.resources[$0] }) else { return nil }
      let reason = found.reason.isEmpty ? "" : " (\(found.reason))"
      return Diagnostic(.suspended, "suspended until \(found.until)\(reason) while the run was under way")
    } catch {
      return Diagnostic(of: error)
    }
  }
}
