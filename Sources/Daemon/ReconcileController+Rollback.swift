import Hashing
import Model
import Planning
import Reconciler
import Store

extension SuspensionRecord {
  private static let byHealth = "rolled back by health, until the source moves from "
  private static let byOrder = "rolled back, until the source moves from "

  /// Keeps an undone change from being applied again.
  ///
  /// - Parameter wasOrdered: not because of health.
  init(rolledBack key: ResourceKey, from source: String, wasOrdered: Bool = false, at now: Timestamp) {
    let reason = (wasOrdered ? Self.byOrder : Self.byHealth) + source
    self.init(.resource(key), until: nil, reason: reason, begunAt: now)
  }

  /// The source that was undone; nil: it is another suspension.
  var rolledBackSource: String? {
    let prefix = [Self.byHealth, Self.byOrder].first { reason.hasPrefix($0) }
    return prefix.map { String(reason.dropFirst($0.count)) }
  }
}

/// NPM went away during an undo.
private struct UndoInterrupted: DiagnosableError {
  var diagnostic: Diagnostic
}

extension DesiredState {
  /// Equal for files that say the same; of secrets only whoever has the key can tell what they are.
  func identity(key: [UInt8]) -> String {
    let parts = resources.sorted { $0.key < $1.key }.map { resource -> String in
      let fields = resource.spec.schema.fields.map { ($0.name, resource.spec[$0.name]) }
      let secrets = resource.secrets.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.reveal())" }
      return
        "\(resource.key.path) \(JSONOutput.line(JSONValue.object(Dictionary(uniqueKeysWithValues: fields)))) \(secrets)"
    }
    return KeyedDigest.short(Array(parts.joined(separator: "\n").utf8), key: key)
  }
}

extension ReconcileController {
  /// Undoes changes as `rollback` does, with its guards, and keeps them from being applied again.
  ///
  /// - Returns: nil: everything is suspended, or a window is open; it has to wait.
  func rollBack(_ wanted: RollbackCandidate, _ stores: StoreSet) async throws -> RollbackReport? {
    let active = try await reconciliation(stores).activeSuspensions()
    guard active.everything == nil else { return nil }
    var candidate = wanted
    // What an operator suspended stays as it is.
    candidate.keys = try await candidate.keys.subtracting(operatorsSuspensions(stores))
    let run = try await undoing(candidate, stores)
    // First, so that a kill does not apply them again.
    for key in candidate.keys {
      try await stores.suspensions.suspend(SuspensionRecord(rolledBack: key, from: candidate.source, at: now))
    }
    var report = RollbackReport(candidate: candidate)
    if let failure = try await undo(run.run, run.target, stores) {
      (report.problem, report.isTriedAgain) = (failure.message, failure.code.isTransient)
    }
    // An attempt that ends like the one before is no news.
    guard report != rolledBackBefore else { return report }
    rolledBackBefore = report
    let severity: Event.Severity = report.problem == nil ? .warning : .error
    await run.run.append([
      Event(
        severity, source: "watch", subject: "run/\(candidate.run)", reason: "RolledBack", report.message,
        correlation: correlation)
    ])
    return report
  }

  private func undoing(
    _ candidate: RollbackCandidate, _ stores: StoreSet
  ) async throws -> (run: Reconciliation, target: RollbackTarget) {
    // Later changes of the same names are undone with it, those of others are not.
    let history = try await stores.runs.history(after: 0).filter {
      $0.intent.run < candidate.run || candidate.keys.contains($0.intent.key)
    }
    let target = RollbackTarget(
      run: candidate.run - 1, history: history, ledger: try await stores.ledger.entries())
    return (reconciliation(stores, purpose: .rollBack(target)), target)
  }

  /// - Returns: what was not undone, and why; nil: all of it was.
  /// - Throws: also where NPM went away meanwhile: it is tried again.
  private func undo(_ run: Reconciliation, _ target: RollbackTarget, _ stores: StoreSet) async throws -> Diagnostic? {
    let planned = try await run.plan(target.desired)
    if let refusal = planned.refusals.first { return refusal }
    let result = try await apply(planned, run, stores)
    if let failed = result.outcomes.first(where: { $0.status != .applied }) {
      if let error = failed.error, error.code.isUpstreamAway { throw UndoInterrupted(diagnostic: error) }
      return failed.error ?? Diagnostic(.internalError, "\(failed.change.key.name) failed")
    }
    if let reason = planned.plan.changes.lazy.compactMap(\.blockReason).first {
      return Diagnostic(reason.code, reason.message, hint: reason.hint)
    }
    return planned.plan.withheld.first.map {
      Diagnostic(.suspended, "\($0.key.name) is \(planned.plan.holdReason($0))")
    }
  }

  func operatorsSuspensions(_ stores: StoreSet) async throws -> Set<ResourceKey> {
    let records = try await stores.suspensions.suspensions(at: now).filter { $0.rolledBackSource == nil }
    return Set(records.compactMap { if case .resource(let key) = $0.subject { key } else { nil } })
  }

  /// Ends what an undo of another source suspended.
  ///
  /// - Returns: the identity of the source; nil: it is not needed.
  func liftRollbacks(_ desired: DesiredState, isNeeded: Bool, _ stores: StoreSet) async throws -> String? {
    let undone = try await stores.suspensions.suspensions(at: now).filter { $0.rolledBackSource != nil }
    guard isNeeded || !undone.isEmpty else { return nil }
    let key = try await stores.binding.fingerprintKey()
    let source = commitHash ?? desired.identity(key: key)
    for record in undone where record.rolledBackSource != source {
      _ = try await stores.suspensions.resume(record.subject)
    }
    return source
  }
}
