import DesiredFiles
package import Model
import Planning
import Platform
package import Reconciler
import Store

extension ReconcileController {
  /// What a reconciliation would do now; writes nothing, and waits for none.
  ///
  /// - Throws: `OrderRefused`, and as `Reconciliation.plan`.
  package func plan(_ order: ReconcileOrder) async throws -> PlanResult {
    let reading = await dependencies.source.read()
    guard reading.mistakes == nil, let desired = reading.desired else { throw OrderRefused(reading) }
    let stores = try await dependencies.stores.stores()
    try await order.check(desired, stores)
    return try await plan(desired, stores, order)
  }

  /// What a reconciliation would do if the files said this; removals count as settled.
  ///
  /// - Throws: as `Reconciliation.plan`.
  package func plan(proposed desired: DesiredState, _ order: ReconcileOrder) async throws -> PlanResult {
    try await plan(desired, try await dependencies.stores.stores(), order, settled: true)
  }

  private func plan(
    _ desired: DesiredState, _ stores: StoreSet, _ order: ReconcileOrder, settled: Bool = false
  ) async throws -> PlanResult {
    let run = reconciliation(stores, known: await dependencies.known(), for: order, settled: settled)
    return withholding(try await run.plan(desired), at: dependencies.clock.now)
  }

  /// A request is about to change what the files say of a resource: whichever reconciliation reads that first, its events
  /// are the request's, and its outcome is remembered.
  package func announce(_ change: AnnouncedChange) { announced.append(change) }

  /// What became of it, where a reconciliation changed it in NPM.
  package func conclude(_ change: AnnouncedChange) -> AnnouncedChange? {
    defer { announced.removeAll { $0.id == change.id } }
    return announced.first { $0.id == change.id }
  }

  func noteAnnounced(_ result: ApplyResult) {
    guard !announced.isEmpty else { return }
    let outcomes = Dictionary(firstOf: result.outcomes.map { ($0.change.key, $0) })
    for index in announced.indices {
      guard let outcome = outcomes[announced[index].key] else { continue }
      (announced[index].outcome, announced[index].run) = (outcome, result.run)
    }
  }

  /// The removal of this name is meant: it was ordered, and has just been written into the files.
  package func confirmRemoval(_ key: ResourceKey) { removals.withLock { $0.confirm(key) } }

  /// Goes back to what a run left, and keeps that until the source moves. Unlike the command, it waits for suspensions and
  /// windows.
  ///
  /// - Parameter run: nil: the one before the last that changed something.
  /// - Throws: `OrderRefused`, `RollbackTarget.Unknown`, and as `Reconciliation.apply`.
  package func rollBack(
    to run: Int?, _ order: ReconcileOrder
  ) async throws -> (planned: PlanResult, applied: ApplyResult?) {
    let reading = await dependencies.source.read()
    // Without files it could not be told when they move.
    guard reading.mistakes == nil, let desired = reading.desired else { throw OrderRefused(reading) }
    return try await exclusively { stores in
      let active = try await reconciliation(stores).activeSuspensions()
      if let everything = active.everything {
        throw OrderRefused(.suspended, "everything is suspended until \(everything.until)", everything.reason)
      }
      let target = try await RollbackTarget.find(run, stores)
      if let held = try await operatorsSuspensions(stores).intersection(target.keys).min() {
        throw OrderRefused(.suspended, "'\(held.name)' is suspended, and would change", "resume it first")
      }
      let work = reconciliation(stores, purpose: .rollBack(target), for: order)
      let planned = try await work.plan(target.desired)
      guard planned.refusals.isEmpty else { return (planned, nil) }
      // First, so that a kill does not apply them again.
      if let source = try await liftRollbacks(desired, isNeeded: true, stores) {
        for key in target.keys {
          try await stores.suspensions.suspend(
            SuspensionRecord(rolledBack: key, from: source, wasOrdered: true, at: now))
        }
      }
      return (planned, try await apply(planned, work, stores, for: order))
    }
  }
}

/// A change of the files that a request made.
package struct AnnouncedChange: Sendable {
  package var key: ResourceKey
  package var correlation: String
  /// nil: no reconciliation changed it in NPM yet.
  package var outcome: ChangeOutcome?
  package var run: Int?
  let id: UInt64

  package init(_ key: ResourceKey, correlation: String) {
    self.key = key
    self.correlation = correlation
    id = .random(in: .min ... .max)
  }
}
