import Hashing
import Model
import Planning
import Reconciler
import Store

extension SuspensionRecord {
  private static let prefix = "rolled back by health, until the source moves from "

  /// Keeps an undone change from being applied again.
  init(rolledBack key: ResourceKey, from source: String) {
    self.init(.resource(key), until: nil, reason: Self.prefix + source, begunAt: .now)
  }

  /// The source that was undone; nil: it is another suspension.
  var rolledBackSource: String? { reason.hasPrefix(Self.prefix) ? String(reason.dropFirst(Self.prefix.count)) : nil }
}

extension DesiredState {
  /// Equal for files that say the same.
  var identity: String {
    let specs = resources.sorted { $0.key < $1.key }.map { "\($0.key.path) \($0.spec)" }
    return String(SHA256Digest.labelled(Array(specs.joined(separator: "\n").utf8)).dropFirst(7).prefix(12))
  }
}

extension ReconcileController {
  /// Undoes changes as `rollback` does, with its guards, and keeps them from being applied again.
  func rollBack(_ candidate: RollbackCandidate, _ stores: StoreSet) async throws -> RollbackReport {
    // Later changes of the same names are undone with it, those of others are not.
    let history = try await stores.runs.history(after: 0).filter {
      $0.intent.run <= candidate.run || candidate.keys.contains($0.intent.key)
    }
    let target = RollbackTarget(
      run: candidate.run - 1, history: history, ledger: try await stores.ledger.entries())
    // First, so that a kill does not apply them again.
    for key in candidate.keys {
      try await stores.suspensions.suspend(SuspensionRecord(rolledBack: key, from: candidate.source))
    }
    let run = reconciliation(stores, purpose: .rollBack(target))
    let planned = try await run.plan(target.desired)
    var report = RollbackReport(candidate: candidate)
    if let refusal = planned.refusals.first {
      report.problem = refusal.message
    } else {
      let result = try await apply(planned, run, stores)
      let failed = result.outcomes.filter { $0.status != .applied }
      report.problem = failed.first.map { $0.error?.message ?? "\($0.change.key.name) failed" }
    }
    let severity: Event.Severity = report.problem == nil ? .warning : .error
    await run.append([
      Event(
        severity, source: "watch", subject: "run/\(candidate.run)", reason: "RolledBack", report.message,
        correlation: correlation)
    ])
    return report
  }

  /// Ends what an undo of another source suspended.
  func liftRollbacks(except source: String, _ stores: StoreSet) async throws {
    for record in try await stores.suspensions.suspensions(at: .now) {
      guard let undone = record.rolledBackSource, undone != source else { continue }
      _ = try await stores.suspensions.resume(record.subject)
    }
  }
}
