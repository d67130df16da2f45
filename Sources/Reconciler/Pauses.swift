import Model
import Platform
import Store

/// What is to be left alone at this moment: by the command line, or by a maintenance window. Asked before each write,
/// because somebody may say so while a run is under way.
struct Pauses: Sendable {
  let store: any StateStore
  let settings: ReconcileOptions

  /// Why everything waits, and what waits by itself. A rollback is a wish of now: nothing that was said before holds it.
  func now() async throws -> (all: Suspension?, some: [ResourceKey: Suspension]) {
    if case .rollBack = settings.purpose { return (nil, [:]) }
    var all = MaintenanceWindow.pause(settings.windows, at: .now)
    var some: [ResourceKey: Suspension] = [:]
    for pause in try await store.pauses(at: .now) {
      let suspension = Suspension(until: pause.until?.iso8601 ?? "resumed", reason: pause.reason)
      switch pause.subject {
      case .everything: all = suspension
      case .resource(let key): some[key] = suspension
      }
    }
    return (all, some)
  }

  /// Why a change is not made now; nil: it is.
  func blockReason(to key: ResourceKey, formerly former: ResourceKey?) async -> Diagnostic? {
    // A store that cannot be read stops the change by itself.
    guard let (all, some) = try? await now(), let found = all ?? some[key] ?? former.flatMap({ some[$0] }) else {
      return nil
    }
    let reason = found.reason.isEmpty ? "" : " (\(found.reason))"
    return Diagnostic(.suspended, "suspended until \(found.until)\(reason) while the run was under way")
  }
}
