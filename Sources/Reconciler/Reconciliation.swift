import DesiredFiles
package import Model
package import NPMClient
import Planning
package import Platform
package import Probe
package import Store

/// One pass: observe, plan, check, and, if requested, apply. All dependencies come through `init`.
package struct Reconciliation: Sendable {
  let gateway: any NPMGateway
  let stores: StoreSet
  private let prober: Prober?
  /// Recent probe results.
  private let known: [ProbeTarget: ProbeResult]
  let settings: ReconcileOptions
  private let verifierPause: @Sendable (Double) async -> Void

  /// - Parameters:
  ///   - known: checks of destinations that need not be repeated.
  ///   - pause: waits so many seconds between reads after a write: NPM does not notify when it is done. Tests pass
  ///   their own.
  package init(
    gateway: any NPMGateway, stores: StoreSet, prober: Prober?, known: [ProbeTarget: ProbeResult] = [:],
    settings: ReconcileOptions,
    pause: @escaping @Sendable (Double) async -> Void = { try? await Task.sleep(for: .seconds($0)) }
  ) {
    self.gateway = gateway
    self.stores = stores
    self.prober = prober
    self.known = known
    self.settings = settings
    verifierPause = pause
  }

  /// Makes the plan; writes nothing.
  ///
  /// - Throws: `NPMError` and `StoreError`.
  package func plan(
    _ desired: DesiredState, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) async throws -> PlanResult {
    if let bound = try await stores.binding.boundNPM(), bound != settings.npmURL, !settings.rebindsStore {
      // A wrong address is another mistake than another NPM.
      _ = try await gateway.server()
      throw StoreError.otherNPM(bound: bound, now: settings.npmURL)
    }
    let fingerprinted = SecretFingerprinter(key: try await stores.binding.fingerprintKey()).fingerprinted(desired)
    var ledger = try await stores.ledger.entries()
    let kinds = Set(fingerprinted.resources.map(\.key.kind) + ledger.map(\.key.kind))
    var observed = try await gateway.observe(fixed: kinds)
    let history = await history(ledger)
    history?.markOpenHosts(&observed)
    StrippedHosts.mark(&observed, ledger)
    await dataPlane?.markOpenHosts(&observed, of: ledger, guards: named(.accessList, fingerprinted, observed))
    let stored = StoredSecrets(fingerprinted, observed, ledger)
    let kept = KeptSecrets(stored.desired, observed, stored.ledger)
    ledger = kept.ledger
    let desired = AutomaticCertificates.expand(
      kept.desired, observed, ledger, today: settings.now().day,
      email: settings.letsEncryptEmail)
    var options = options(desired, ledger, observed)
    options.requests = try await requests()
    options.suspensions = try await suspensions.now()
    var plan = Planner(options).plan(desired, observed, ledger)
    let updated = Set(plan.ledgerUpdates.map(\.key))
    plan.ledgerUpdates += kept.ledgerUpdates.filter { !updated.contains($0.key) }
    if case .adopt(let adoption) = settings.purpose { plan.keepAdoptions(adoption) }
    withholdRemovals(&plan, desired)
    var planned = PlanResult(
      desired: desired, observed: observed, ledger: ledger, plan: plan,
      certificates: CertificateInventory(observed, now: settings.now(), days: settings.certificateDays))
    await checkDestinations(&planned, progress)
    try await guardPlan(&planned)
    planned.authors = await authors(planned.plan, history)
    return planned
  }

  /// What is suspended now, by an operator or a maintenance window.
  package func activeSuspensions() async throws -> SuspensionSet { try await suspensions.now() }

  /// Before the limits are checked: what waits does not count. Whoever takes a domain or port of it waits with it.
  private func withholdRemovals(_ plan: inout Plan, _ desired: DesiredState) {
    let removed = Set(plan.changes.filter { $0.cause == .removed && !$0.isBlocked }.map(\.key))
    guard let (waiting, seconds) = settings.removalDelay(removed, Set(desired.resources.map(\.key))) else { return }
    let claims = Set(plan.changes.filter { waiting.contains($0.key) }.flatMap { $0.observed?.normalised.claims ?? [] })
    plan.withhold(.filesUnsettled(seconds: seconds)) { change in
      waiting.contains(change.key) || !claims.isDisjoint(with: change.desired?.claims ?? [])
    }
  }

  /// Adds the reasons to refuse the plan, the hosts to write again, and warnings.
  private func guardPlan(_ planned: inout PlanResult) async throws {
    planned.refusals = settings.limits.refusals(of: planned.plan, desiredCount: desiredCount(planned.desired))
    if !settings.allowsSelfLockout {
      planned.refusals += LockoutRule(planned.observed, npmHost: settings.npmHost).refusals(of: planned.plan)
    }
    let open = try await stores.requests.openRequests()
    let interrupted = InterruptedRequests(open: open, observed: planned.observed, now: settings.now())
    planned.plan.hostsToRewrite = interrupted.hosts
    planned.warnings += interrupted.warnings
    if let unproven = try await unproven(planned) {
      if !planned.plan.hostsToRewrite.contains(where: { $0.ref == unproven.host.ref }) {
        planned.plan.hostsToRewrite.append(unproven.host)
      }
      planned.warnings.append(unproven.warning)
    }
    let inventory = InventoryGuard(planned.observed, planned.ledger, owner: settings.owner)
    if !settings.trustsMarkers { planned.refusals += inventory.missingHosts }
    planned.warnings += inventory.unmanagedHosts(planned.plan)
    planned.warnings += planned.plan.changes.compactMap(\.endOfTLS)
    planned.warnings += planned.certificates.diagnostics
  }

  /// NPM's audit log, if a managed host has an access list: only the log shows at once that a host was switched on.
  private func history(_ ledger: [LedgerEntry]) async -> AuditHistory? {
    let guarded = ledger.contains { $0.applied.map { !$0["access_list"].isNull } ?? false }
    return guarded ? await AuditHistory.read(gateway) : nil
  }

  /// The author of each host's drift, from the audit log. Empty for accounts that may not read it.
  private func authors(_ plan: Plan, _ known: AuditHistory?) async -> [ObjectRef: AuditEntry] {
    let drifted = (plan.changes + plan.withheld).filter { $0.cause == .drifted || $0.cause == .both }
    guard !drifted.isEmpty else { return [:] }
    var history = known
    if history == nil { history = await AuditHistory.read(gateway) }
    return history?.authors(of: drifted) ?? [:]
  }

  var suspensions: ActiveSuspensions { ActiveSuspensions(stores: stores, settings: settings) }

  /// Requests to Let's Encrypt in the last week.
  private func requests() async throws -> [Set<String>: Int] {
    let week = Timestamp.now - 7 * 86400
    return Dictionary(try await stores.requests.requests(since: week).map { (Set($0), 1) }, uniquingKeysWith: +)
  }

  private func options(_ desired: DesiredState, _ ledger: [LedgerEntry], _ observed: ObservedState) -> Planner.Options {
    var options = Planner.Options(
      owner: settings.owner, policy: settings.policy, trustsMarkers: settings.trustsMarkers,
      today: settings.now().day)
    if !settings.selection.isEmpty {
      let (selection, known) = (settings.selection, Set(desired.resources.map(\.key)))
      let removed = ledger.map(\.key).filter { !known.contains($0) && selection.isNamed($0) }
      let keys = Set(desired.resources.filter(selection.contains).map(\.key) + removed)
      options.selection = keys.union(RenamePartners(desired, ledger, observed).partners(of: keys))
    }
    options.defaultCertificate = settings.defaultCertificate
    switch settings.purpose {
    case .converge: break
    case .adopt(let adoption):
      options.adoption = adoption
      if let names = adoption.names { options.selection = names }
    case .rollBack(let target):
      options.adoption = target.adoption
      options.former = target.former
      options.selection = target.keys
    }
    return options
  }

  /// Only a desired state from files can become empty by mistake.
  private func desiredCount(_ desired: DesiredState) -> Int {
    if case .rollBack = settings.purpose { return max(1, desired.resources.count) }
    return desired.resources.count
  }

  private func checkDestinations(_ planned: inout PlanResult, _ progress: @escaping @Sendable (Int, Int) -> Void) async
  {
    guard settings.probes, let prober else { return }
    let resources = Dictionary(firstOf: planned.desired.resources.map { ($0.key, $0) })
    let changing = Set(planned.plan.effective.filter { $0.action == .create || $0.changesValues }.map(\.key))
    planned.warnings += await StartupDNSCheck.warnings(
      planned.desired.resources.filter { changing.contains($0.key) && $0.validation != .off }, prober)
    let all = ProbeGate.targets(planned.plan, resources)
    guard !all.isEmpty else { return }
    let targets = all.map(\.1).filter { known[$0] == nil }
    let found = await prober.probe(targets) { progress($0, targets.count) }
    let results = known.merging(zip(targets, found)) { first, _ in first }
    for (key, target) in all { if let result = results[target] { planned.probes[key, default: []].append(result) } }
    planned.warnings += ProbeGate.apply(planned.probes, resources, to: &planned.plan)
    DomainHandoverRule.apply(to: &planned.plan)
    AutomaticCertificates.prune(&planned.plan)
  }

  /// Records the lifecycle of hosts from the YAML, also where the plan is refused: when a name is gone from the YAML,
  /// only the store knows it.
  ///
  /// - Throws: `StoreError`.
  package func remember(_ planned: PlanResult) async throws {
    if settings.policy != .observe { try await stores.ledger.put(planned.plan.ledgerUpdates) }
  }

  /// Applies the plan, one change at a time.
  ///
  /// - Throws: `StoreError`, only before the first write.
  package func apply(
    _ planned: PlanResult, stop: ShutdownSignal, progress: @escaping @Sendable (ApplyStep) -> Void = { _ in }
  ) async throws -> ApplyResult {
    let start = ContinuousClock.now
    try await stores.binding.bind(npm: settings.npmURL)
    try await closeOldIntents()
    if settings.policy != .observe { try await stores.ledger.remove(planned.plan.ledgerRemovals) }
    try await remember(planned)
    let reload = ReloadWitness(
      gateway: gateway, stores: stores, npm: settings.npmURL, isWanted: settings.usesReloadWitness)
    let writer = writer(planned.observed.version, reload)
    let problem = try await rewriteInterruptedHosts(planned, writer)
    guard !planned.plan.effective.isEmpty else {
      let doubt = try await settleReload([], planned, writer)
      return ApplyResult(run: nil, outcomes: [], seconds: 0, wasInterrupted: false, unrepaired: problem ?? doubt)
    }
    let run = try await stores.runs.beginRun(
      digest: planned.plan.digest, commit: settings.commit?.hash, at: settings.now())
    let applier = Applier(
      gateway: gateway, stores: stores, suspensions: suspensions, writer: writer,
      proof: proof(planned, reload), run: run, settings: settings)
    let outcomes = await applier.apply(planned.plan.effective, stop: stop, progress: progress)
    var report = ApplyResult(run: run, outcomes: outcomes, seconds: 0, wasInterrupted: false, unrepaired: problem)
    let doubt = try? await settleReload(outcomes, planned, writer)
    report.unrepaired = problem ?? doubt
    report.remark = await reload.remark
    report.wasInterrupted = stop.isRequested && report.count(.notAttempted) > 0
    try? await stores.runs.finishRun(
      run, applied: report.count(.applied), failed: report.count(.failed), at: settings.now())
    try? await prune(by: run)
    report.seconds = (ContinuousClock.now - start) / .seconds(1)
    return report
  }

  /// Appends to the event log. The log is informational: if it cannot be written, the reconciliation continues.
  package func append(_ events: [Event]) async {
    if settings.policy == .observe { return }
    try? await stores.events.append(events, at: settings.now())
  }

  private func proof(_ planned: PlanResult, _ reload: ReloadWitness) -> ServedProof {
    ServedProof(
      reload: reload, dataPlane: dataPlane, lists: named(.accessList, planned.desired, planned.observed),
      certificates: named(.certificate, planned.desired, planned.observed).compactMapValues {
        $0["certificate"].stringValue
      },
      observed: planned.observed)
  }

  /// nil: where NPM serves its hosts is not known.
  private var dataPlane: DataPlaneProof? {
    guard let door = settings.dataPlane, let prober else { return nil }
    return DataPlaneProof(look: { await prober.look(door, domain: $0, usesTLS: $1) }, pause: verifierPause)
  }

  /// Objects of a kind by their names in NPM, in their desired state.
  private func named(_ kind: ResourceKind, _ desired: DesiredState, _ observed: ObservedState) -> [String: Spec] {
    let there = (observed.resources[kind] ?? []).map(\.spec)
    let wanted = desired.resources.filter { $0.key.kind == kind }.map(\.spec)
    return Dictionary((there + wanted).compactMap { spec in spec.nameInNPM.map { ($0, spec) } }) { $1 }
  }

  private func writer(_ version: NPMVersion, _ reload: ReloadWitness) -> ObjectWriter {
    let verifier = Verifier(gateway: gateway, pause: verifierPause)
    let rows = RowWriter(gateway: gateway, version: version, reload: reload)
    let sideEffects = SideEffectRepair(gateway: gateway, verifier: verifier, rows: rows, stores: stores)
    return ObjectWriter(gateway: gateway, verifier: verifier, rows: rows, sideEffects: sideEffects)
  }

  private func lastRecord(before run: Int) async throws -> Timestamp? {
    var filter = EventFilter()
    filter.limit = 1000
    let event = try await stores.events.events(filter).last { $0.event.run != run }
    let earlier = try await stores.runs.runs(limit: 2).first { $0.number != run }
    return [event?.at, earlier?.startedAt].compactMap(\.self).max()
  }

  /// Drops history older than the retention in the settings.
  ///
  /// - Parameter run: what is old must be so by the clock of an earlier run or event, too: one that jumped ahead erases
  ///   nothing. nil: the clock is known to be steady.
  package func prune(by run: Int? = nil) async throws {
    var now = settings.now()
    if let run, let before = try await lastRecord(before: run) { now = min(now, before) }
    func ago(_ seconds: Double) -> Timestamp { now - seconds }
    try await stores.runs.dropHistory(before: ago(settings.historySeconds))
    try await stores.events.dropEvents(
      before: ago(settings.eventRetention.seconds), keeping: settings.eventRetention.count)
  }
}
