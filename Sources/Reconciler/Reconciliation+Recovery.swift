import Model
import NPMClient
import Planning
import Platform
import Store

/// Cleans up after earlier runs: interrupted writes, requests and reloads.
extension Reconciliation {
  func unproven(_ planned: PlanResult) async throws -> UnprovenReload? {
    // A run that was killed during a write did not check for a reload either.
    let killed = try await stores.ledger.openIntents().first.map { "\($0.action) \($0.key.name)" }
    guard let change = try await stores.binding.unprovenChange(of: settings.npmURL) ?? killed else { return nil }
    return UnprovenReload(change, planned.observed, planned.ledger)
  }

  /// Records a change whose reload was not observed, and clears it after one that was.
  func settleReload(
    _ outcomes: [ChangeOutcome], _ planned: PlanResult, _ writer: ObjectWriter
  ) async throws -> Diagnostic? {
    if let bad = outcomes.first(where: { $0.status == .unproven || $0.error?.code == .nginxUnconfirmed }) {
      try await stores.binding.setUnprovenChange(
        "\(bad.change.action.kind.rawValue) \(bad.change.key.name)", of: settings.npmURL)
      return nil
    }
    guard try await stores.binding.unprovenChange(of: settings.npmURL) != nil, settings.policy != .observe else {
      return nil
    }
    if await !writer.rows.reload.hasReloaded {
      // With no managed host left to write, it stays until there is one.
      guard let unproven = try await unproven(planned) else { return nil }
      if try await suspensions.now().everything != nil { return unproven.warning }
      if let doubt = await unproven.prove(writer) { return doubt }
    }
    try await stores.binding.setUnprovenChange(nil, of: settings.npmURL)
    return nil
  }

  /// Comes first: hosts may be without access control.
  func rewriteInterruptedHosts(_ planned: PlanResult, _ writer: ObjectWriter) async throws -> Diagnostic? {
    let open = try await stores.requests.openRequests()
    guard !open.isEmpty, settings.policy != .observe else { return nil }
    if try await suspensions.now().everything != nil {
      return Diagnostic(
        .suspended,
        "hosts that an interrupted request may have left without TLS and access control are not written again: everything is suspended",
        hint: "look at them in NPM, or end it with 'reconciler resume --all'")
    }
    let problem = try await InterruptedRequests(open: open, observed: planned.observed, now: settings.now())
      .repair(writer.sideEffects, stores)
    let names = Set(open.flatMap(\.names)).sorted().joined(separator: ", ")
    let event = Event(
      problem == nil ? .info : .error, source: "apply", subject: "request", reason: "RequestRepair",
      problem?.message ?? "hosts that share a name with a request for \(names) were written again",
      correlation: settings.correlation)
    try await stores.events.append(event, at: settings.now())
    return problem?.diagnostic
  }

  /// A killed run left writes announced but not recorded. The ledger's marks make the planner check them again; here
  /// they are only named and closed.
  func closeOldIntents() async throws {
    for intent in try await stores.ledger.openIntents() {
      try await stores.binding.setUnprovenChange("\(intent.action) \(intent.key.name)", of: settings.npmURL)
      let message =
        "run \(intent.run) ended in the middle of '\(intent.action) \(intent.key.name)'; it is taken up from what NPM shows"
      let event = Event(
        .warning, source: "apply", subject: intent.key.path, reason: "Interrupted",
        message, run: intent.run, correlation: settings.correlation)
      try await stores.events.append(event, at: settings.now())
      try await stores.ledger.abandon(intent.number, at: settings.now())
    }
  }
}
