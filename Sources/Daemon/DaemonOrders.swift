package import Model
package import Probe
package import Reconciler

/// What a daemon does for others beside its loop.
package protocol DaemonOrders: Sendable {
  /// Where the desired files are.
  var source: any DesiredSource { get }
  /// Whether `certificate: auto` always finds one: `certificates.default` is set.
  var hasDefaultCertificate: Bool { get }
  /// What a reconciliation would do now; writes nothing, and waits for none.
  func plan(_ order: ReconcileOrder) async throws -> PlanResult
  /// What a reconciliation would do if the files said this.
  func plan(proposed desired: DesiredState, _ order: ReconcileOrder) async throws -> PlanResult
  /// Reconciles when nothing else writes.
  ///
  /// - Throws: where the daemon ends before, too.
  func carryOut(_ order: ReconcileOrder) async throws -> ReconcileReport
  /// Goes back to what a run left.
  func rollBack(to run: Int?, _ order: ReconcileOrder) async throws -> (planned: PlanResult, applied: ApplyResult?)
  /// A request is about to change the files.
  func announce(_ change: AnnouncedChange) async
  /// What became of it, where a reconciliation changed it in NPM.
  func conclude(_ change: AnnouncedChange) async -> AnnouncedChange?
  /// The removal of this name is meant, and has just been written into the files.
  func confirmRemoval(_ key: ResourceKey) async
  /// Checks destinations, for whoever asks.
  func probe(_ targets: [ProbeTarget], progress: @escaping @Sendable (Int) -> Void) async -> [ProbeResult]
}

extension DaemonService: DaemonOrders {
  package var source: any DesiredSource { dependencies.controller.source }

  package var hasDefaultCertificate: Bool { dependencies.controller.options.defaultCertificate != nil }

  package func plan(_ order: ReconcileOrder) async throws -> PlanResult { try await controller.plan(order) }

  package func plan(proposed desired: DesiredState, _ order: ReconcileOrder) async throws -> PlanResult {
    try await controller.plan(proposed: desired, order)
  }

  package func carryOut(_ order: ReconcileOrder) async throws -> ReconcileReport {
    let (controller, publisher, monitor) = (controller, publisher, monitor)
    let report = try await betweenPasses { () -> ReconcileReport in
      guard let report = try await controller.carryOut(order) else { throw Self.ended }
      // A part says nothing of the whole.
      if !order.isPartial { publisher.publish(.reconciled(report), await monitor.view) }
      return report
    }
    if order.isPartial || report.result != .done { trigger(.request) }
    return report
  }

  package func rollBack(
    to run: Int?, _ order: ReconcileOrder
  ) async throws -> (planned: PlanResult, applied: ApplyResult?) {
    let controller = controller
    defer { trigger(.request) }
    return try await betweenPasses { try await controller.rollBack(to: run, order) }
  }

  package func announce(_ change: AnnouncedChange) async { await controller.announce(change) }

  package func conclude(_ change: AnnouncedChange) async -> AnnouncedChange? { await controller.conclude(change) }

  package func confirmRemoval(_ key: ResourceKey) async { await controller.confirmRemoval(key) }

  package func probe(
    _ targets: [ProbeTarget], progress: @escaping @Sendable (Int) -> Void
  ) async -> [ProbeResult] {
    await dependencies.controller.prober.probe(targets, progress: progress)
  }

  private func betweenPasses<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let result = await loop.perform { () async -> Result<Value, any Error> in
      do { return .success(try await body()) } catch { return .failure(error) }
    }
    guard let result else { throw Self.ended }
    return try result.get()
  }

  private static var ended: OrderRefused { OrderRefused(.interrupted, "the daemon ends", nil) }
}
