import Model
import Planning
import Platform
import Reconciler
import Store
import TestSupport

/// One operator of a simulated NPM, with a store of its own.
struct Operator {
  let npm: SimulatedNPM
  let stores: StoreSet
  var owner = "homelab"
  var policy = Policy.sync
  var settings: ReconcileOptions

  init(_ npm: SimulatedNPM, owner: String = "homelab", policy: Policy = .sync) {
    self.npm = npm
    self.owner = owner
    stores = StoreSet(MemoryStore())
    settings = ReconcileOptions(npmURL: npm.url, owner: owner, policy: policy)
  }

  var run: Reconciliation {
    Reconciliation(
      gateway: npm.gateway(), stores: stores, prober: nil, settings: settings, pause: { _ in await Task.yield() })
  }

  func plan(_ hosts: DesiredResource...) async throws -> PlanResult {
    try await run.plan(DesiredState(resources: hosts, fileCount: 1))
  }

  @discardableResult
  func apply(_ hosts: DesiredResource...) async throws -> ApplyResult {
    try await apply(DesiredState(resources: hosts, fileCount: 1))
  }

  @discardableResult
  func apply(_ desired: DesiredState) async throws -> ApplyResult {
    let run = run
    return try await run.apply(run.plan(desired), stop: ShutdownSignal())
  }

  /// The same operator with another purpose.
  func on(_ purpose: ReconcileOptions.Purpose) -> Operator {
    var other = self
    other.settings.purpose = purpose
    return other
  }

  @discardableResult
  func rollBack(to run: Int) async throws -> ApplyResult {
    let target = RollbackTarget(
      run: run, history: try await stores.runs.history(after: 0), ledger: try await stores.ledger.entries())
    return try await on(.rollBack(target)).apply(target.desired)
  }
}

func verdicts(_ report: ApplyResult) -> [String] {
  report.outcomes.map { "\($0.change.key.name) \($0.status.rawValue)" }
}
