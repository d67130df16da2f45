import Daemon
import DesiredFiles
import FoundationEssentials
import Model
import Planning
import Platform
import Probe
import Reconciler
import Reports
import Store

/// Does what a workflow says, as the command of the same name would.
struct WorkflowRunner: Sendable {
  typealias Progress = @Sendable (WorkflowProgress) -> Void

  private let orders: any DaemonOrders
  private let health: HealthRoutes

  init(_ orders: any DaemonOrders, _ health: HealthRoutes) {
    self.orders = orders
    self.health = health
  }

  func run(_ record: WorkflowRecord, _ stop: ShutdownSignal, _ progress: @escaping Progress) async -> WorkflowOutcome {
    let order = Self.order(record, stop, progress)
    do {
      switch record.kind {
      case .validate: return try await validate(order, progress)
      case .diff: return try await diff(order)
      case .apply: return try await apply(order)
      case .rollback: return try await rollBack(record.parameters.run, order)
      case .health: return Self.outcome(of: try await health.all(maximumAge: 1))
      case .verify: return try await verify(order)
      // Begun by the request that it is of.
      case .write: return WorkflowOutcome(exit: .interrupted)
      }
    } catch {
      return Self.outcome(of: error)
    }
  }

  private static func order(
    _ record: WorkflowRecord, _ stop: ShutdownSignal, _ progress: @escaping Progress
  ) -> ReconcileOrder {
    var order = ReconcileOrder(correlation: record.correlation, stop: stop)
    order.digest = record.parameters.plan
    for text in record.parameters.select {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      if parts.count == 2 { order.selection.labels[parts[0]] = parts[1] } else { order.selection.names.insert(text) }
    }
    order.progress = { step in
      guard case .begins(let change, let number, let total) = step else { return }
      var now = WorkflowProgress()
      (now.done, now.total, now.message) = (number - 1, total, change.key.name)
      progress(now)
    }
    return order
  }

  // MARK: Kinds

  private func validate(_ order: ReconcileOrder, _ progress: @escaping Progress) async throws -> WorkflowOutcome {
    guard let loaded = await orders.source.load() else {
      throw OrderRefused(.unreadableFile, "the disk with the desired files does not answer", nil)
    }
    if let first = loaded.diagnostics.first(where: { $0.severity == .error }) {
      return Self.outcome(of: ValidationReport(loaded.diagnostics, []), exit: .invalid, error: first)
    }
    let resources = loaded.state.resources.filter { resource in
      resource.spec.schema.isProbed && resource.validation != .off && order.selection.contains(resource)
    }
    let targets = resources.flatMap { resource in
      ProbeTarget.all(of: resource.key.name, spec: resource.spec, resource.check).map {
        ($0, resource.validation == .enforce)
      }
    }
    let results = await orders.probe(targets.map(\.0)) { done in
      var now = WorkflowProgress()
      (now.done, now.total, now.message) = (done, targets.count, "checking destinations")
      progress(now)
    }
    let failed = zip(results, targets).first { !$0.isOK && $1.1 }?.0
    let error = failed.map { result in
      Diagnostic(
        .destinationFailed, "\(result.target.title): \(result.failure?.error ?? "failed")", hint: result.failure?.hint)
    }
    return Self.outcome(
      of: ValidationReport(loaded.diagnostics, results), exit: error == nil ? .success : .invalid, error: error)
  }

  private func diff(_ order: ReconcileOrder) async throws -> WorkflowOutcome {
    let planned = try await orders.plan(order)
    return Self.outcome(
      of: PlanReport(planned, nil, planned.warnings + planned.refusals),
      exit: planned.plan.isPending ? .changesPending : .success)
  }

  private func apply(_ order: ReconcileOrder) async throws -> WorkflowOutcome {
    let report = try await orders.carryOut(order)
    switch report.outcome {
    case .noDesiredState: throw OrderRefused(.desiredMissing, "there is no desired state yet", nil)
    case .failed(let problem, _): throw OrderRefused(problem.code, problem.message, problem.hint)
    case .refused(let planned): return Self.outcome(of: planned, nil)
    case .applied(let planned, let result): return Self.outcome(of: planned, result)
    }
  }

  private func rollBack(_ run: Int?, _ order: ReconcileOrder) async throws -> WorkflowOutcome {
    let (planned, applied) = try await orders.rollBack(to: run, order)
    return Self.outcome(of: planned, applied)
  }

  private struct Verification: Encodable {
    var ok: Bool
    var plan: PlanReport
    var health: HealthRoutes.All
  }

  /// Reads everything again, and asks every site.
  private func verify(_ order: ReconcileOrder) async throws -> WorkflowOutcome {
    let planned = try await orders.plan(order)
    let hosts = try await health.all(maximumAge: 1)
    let plan = PlanReport(planned, nil, planned.warnings + planned.refusals)
    let problem: Diagnostic? =
      if planned.plan.isPending {
        Diagnostic(.notAsDesired, "NPM is not as the files say", hint: "see 'plan' in the result")
      } else if !hosts.ok {
        Diagnostic(.destinationFailed, "not every host is healthy", hint: "see 'health' in the result")
      } else { nil }
    return Self.outcome(
      of: Verification(ok: problem == nil, plan: plan, health: hosts), exit: problem == nil ? .success : .incomplete,
      error: problem)
  }

  // MARK: Outcomes

  /// - Parameter result: nil: nothing was applied, because the plan was refused.
  static func outcome(of planned: PlanResult, _ result: ApplyResult?) -> WorkflowOutcome {
    let report = PlanReport(
      planned, result, planned.warnings + planned.refusals + [result?.unrepaired, result?.remark].compactMap(\.self))
    guard let result else { return outcome(of: report, exit: .refused, error: planned.refusals.first) }
    let exit = result.exitCode(of: planned)
    let failed = result.outcomes.first { $0.status != .applied }?.error ?? result.unrepaired
    let blocked = planned.plan.changes.lazy.compactMap(\.blockReason).first
    let error = failed ?? blocked.map { Diagnostic($0.code, $0.message, hint: $0.hint) }
    return outcome(of: report, exit: exit, error: exit == .success ? nil : error)
  }

  static func outcome(
    of report: some Encodable, exit: ExitCode = .success, error: Diagnostic? = nil
  ) -> WorkflowOutcome {
    let json = try? JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(report))
    return WorkflowOutcome(result: json, exit: exit, error: error)
  }

  static func outcome(of error: any Error) -> WorkflowOutcome {
    if let problem = error as? Problem { return WorkflowOutcome(exit: .failure, error: problem.diagnostic) }
    let diagnostic = Diagnostic(of: error)
    let exit: ExitCode =
      switch diagnostic.code {
      case .planStale: .stale
      case .lockHeld: .locked
      case .interrupted: .interrupted
      case .desiredInvalid, .emptySelection, .unknownName, .badName, .unknownRun: .invalid
      case .suspended, .desiredMissing: .refused
      default: .failure
      }
    return WorkflowOutcome(exit: exit, error: diagnostic)
  }
}
