import DesiredFiles
import Model
import NPMClient
import Planning
import Platform
import Store

/// Applies changes strictly one after the other: announce, write, prove, record.
struct Applier: Sendable {
  private let gateway: any NPMGateway
  private let stores: StoreSet
  private let suspensions: ActiveSuspensions
  private let writer: ObjectWriter
  private let proof: ServedProof
  private let owner: String
  private let run: Int
  private let commit: String?
  private let correlation: String
  private let correlations: [ResourceKey: String]
  private let now: @Sendable () -> Timestamp

  init(
    gateway: any NPMGateway, stores: StoreSet, suspensions: ActiveSuspensions, writer: ObjectWriter,
    proof: ServedProof, run: Int, settings: ReconcileOptions
  ) {
    self.proof = proof
    self.gateway = gateway
    self.stores = stores
    self.suspensions = suspensions
    self.run = run
    owner = settings.owner
    commit = settings.commit?.hash
    correlation = settings.correlation
    correlations = settings.correlations
    now = settings.now
    self.writer = writer
  }

  /// State of an apply between changes.
  private struct Progress {
    let originals: [ResourceKey: Change]
    var done: [ResourceKey: Change] = [:]
    var broken: Set<ResourceKey> = []
    /// Objects that temporarily released claims which another change takes.
    var aside: [ResourceKey: ObservedResource] = [:]
    /// Why the run stops early; nil: it continues.
    var ending: Diagnostic?

    /// A change that takes what was just released is still made after a stop: otherwise a site would go down.
    func isCommitted(_ change: Change) -> Bool { change.releasedBy.contains { done[$0] != nil } }
  }

  func apply(
    _ changes: [Change], stop: ShutdownSignal, progress: @Sendable (ApplyStep) -> Void
  ) async -> [ChangeOutcome] {
    var outcomes: [ChangeOutcome] = []
    var state = Progress(originals: Dictionary(firstOf: changes.map { ($0.key, $0) }))
    for (index, planned) in changes.enumerated() {
      progress(.begins(planned, number: index + 1, of: changes.count))
      var change = planned
      // The object was modified when it released its claims: continue from that state.
      if let moved = state.aside[planned.key] { change.observed = moved }
      let outcome: ChangeOutcome =
        if let reason = await reasonToSkip(change, state, stop) {
          ChangeOutcome(change, .notAttempted, error: reason)
        } else { await exchangeOrUndo(change, &state) }
      note(outcome, &state)
      progress(.ended(outcome))
      outcomes.append(outcome)
    }
    return outcomes
  }

  private func reasonToSkip(_ change: Change, _ state: Progress, _ stop: ShutdownSignal) async -> Diagnostic? {
    if let ending = state.ending { return ending }
    if !state.isCommitted(change) {
      if stop.isRequested { return Diagnostic(.interrupted, "the run was interrupted") }
      if let reason = await suspensions.blockReason(for: change.key, formerly: change.renamedFrom) { return reason }
    }
    return change.dependsOn.first(where: state.broken.contains).map {
      Diagnostic(.dependencyFailed, "'\($0.name)' had to be changed first, and failed")
    }
  }

  /// Makes a change; if it fails, restores the objects that released something for it.
  private func exchangeOrUndo(_ change: Change, _ state: inout Progress) async -> ChangeOutcome {
    var outcome = await exchange(change, state.originals, &state.aside)
    guard outcome.status == .failed else { return outcome }
    for key in change.releasedBy { if let old = state.done[key] { await bringBack(old, after: &outcome) } }
    let waiting = change.exchangesWith + (state.aside[change.key] == nil ? [] : [change.key])
    for key in waiting { if let old = state.originals[key] { await bringBack(old, after: &outcome) } }
    return outcome
  }

  private func note(_ outcome: ChangeOutcome, _ state: inout Progress) {
    if outcome.status == .applied {
      state.done[outcome.change.key] = outcome.change
    } else {
      state.broken.insert(outcome.change.key)
    }
    guard let error = outcome.error, [.failed, .unproven].contains(outcome.status), endsTheRun(error) else { return }
    state.ending = Diagnostic(
      error.code,
      error.code == .reloadUnproven
        ? "not attempted: it would not be served either" : "not attempted: \(error.message)")
  }

  /// Makes a change after the objects that swap claims with it have released theirs.
  private func exchange(
    _ change: Change, _ originals: [ResourceKey: Change], _ aside: inout [ResourceKey: ObservedResource]
  ) async -> ChangeOutcome {
    for key in change.exchangesWith {
      guard aside[key] == nil, let yielder = originals[key] else { continue }
      switch await writer.stepAside(yielder, for: Set(change.desired?.claims ?? [])) {
      case .success(let moved): aside[key] = moved
      case .failure(let error):
        return ChangeOutcome(
          change, .failed,
          error: Diagnostic(
            .dependencyFailed, "'\(key.name)' could not release its domains: \(error.message)",
            hint: error.hint))
      }
    }
    return await attempt(change)
  }

  /// Undoes a change that released domains for another change, when that one failed.
  private func bringBack(_ old: Change, after failed: inout ChangeOutcome) async {
    guard let before = old.observed else { return }
    if failed.change.action == .create, let id = failed.id,
      let left = try? await gateway.object(failed.change.key.kind, id)
    {
      let key = failed.change.key
      _ = await attempt(Change(key: key, action: .delete, cause: .removed, id: id, observed: left))
      failed.id = nil
    }
    var revival = Change(
      key: old.key, action: .create, cause: .drifted, desired: before.normalised, entry: old.entry,
      lifecycle: old.entry?.lifecycle ?? Lifecycle())
    if old.action == .update, let now = try? await gateway.object(before.kind, before.id) {
      revival.action = .update
      revival.id = now.id
      revival.observed = now
    }
    let result = await attempt(revival)
    failed.error?.hint =
      result.status == .applied
      ? "'\(old.key.name)' is back and serving, as host \(result.id?.description ?? "?")"
      : "'\(old.key.name)' released its domains for it and could not be restored: \(result.error?.message ?? "look at NPM")"
  }

  /// Failures that the next change would repeat.
  private func endsTheRun(_ error: Diagnostic) -> Bool {
    error.code.isUpstreamAway
      || [.reloadUnproven, .nginxBroken, .npmForbidden, .npmNotNPM, .storeFull, .storeUnreadable, .storeCorrupt]
        .contains(error.code)
  }

  private func attempt(_ change: Change) async -> ChangeOutcome {
    var intent: Int?
    do {
      let number = try await stores.ledger.begin(
        ChangeIntent(
          run: run, key: change.key, action: change.action.kind.rawValue, former: change.renamedFrom,
          before: change.observed?.normalised, after: change.desired, id: change.observed?.id,
          createdOn: change.observed?.createdOn, lifecycle: change.entry?.lifecycle, at: now()),
        claim: claim(for: change))
      intent = number
      var request: Int?
      if let spec = change.desired, change.action == .create, ResourceSchema.isRequested(spec) {
        request = try await stores.requests.recordRequest(spec.requestedNames, at: now())
      }
      await proof.reload.reset()
      var result = await carryOut(change)
      if result.outcome.status == .applied, let doubt = await proof.contradiction(change) {
        result.outcome = ChangeOutcome(change, .unproven, id: result.outcome.id, error: doubt)
      }
      if let request, result.isRequestOver { try await stores.requests.closeRequest(request) }
      try await record(result, change, intent: number)
      return result.outcome
    } catch {
      let note = intent == nil ? "" : "written to NPM, but not recorded"
      return ChangeOutcome(change, .failed, error: Diagnostic(of: error), note: note)
    }
  }

  /// The ledger row while the write is in progress.
  private func claim(for change: Change) -> LedgerUpdate {
    guard let spec = change.desired else { return .keep }
    var entry = LedgerEntry(
      key: change.key, id: change.id, createdOn: change.observed?.createdOn, modifiedOn: change.entry?.modifiedOn,
      applied: change.action == .create ? nil : change.entry?.applied, claims: spec.identityKeys, isUnfinished: true,
      lifecycle: change.lifecycle)
    if change.action != .create { entry.createdOn = change.entry?.createdOn ?? entry.createdOn }
    return change.renamedFrom.map { .rename(from: $0, to: entry) } ?? .put(entry)
  }

  private func carryOut(_ change: Change) async -> WriteResult {
    switch change.action {
    case .create: await writer.create(change, marker: marker(for: change))
    case .update where change.isRenameInStore:
      WriteResult(
        ChangeOutcome(change, .applied, note: "renamed from '\(change.renamedFrom?.name ?? "")', nothing written"),
        change.observed)
    case .update: await writer.update(change, marker: marker(for: change))
    case .delete: await writer.delete(change)
    case .release where !isMarked(change):
      WriteResult(ChangeOutcome(change, .applied, note: leaving(change)), nil)
    case .release(let isDisabling): await writer.release(change, isDisabling: isDisabling)
    case .adopt where change.fields.isEmpty && change.observed?.spec.schema.ownershipProof != .marker:
      WriteResult(ChangeOutcome(change, .applied, note: linking(change)), change.observed)
    case .adopt where change.observed?.marker == nil: await writer.update(change, marker: marker(for: change))
    case .adopt:
      WriteResult(
        ChangeOutcome(change, .applied, note: "linked to host \(change.id?.description ?? "?")"), change.observed)
    case .blocked: WriteResult(ChangeOutcome(change, .notAttempted), nil)
    }
  }

  private func linking(_ change: Change) -> String {
    change.observed?.spec.schema.hasMarker == true
      ? "linked, nothing written: NPM takes no marker for a \(change.key.kind.title) that is there"
      : "linked, nothing written: passwords and keys cannot be compared"
  }

  private func leaving(_ change: Change) -> String {
    change.observed?.spec.schema.ownershipProof == .marker
      ? "left to NPM: it carries no marker of ours" : "left to NPM as it is"
  }

  private func isMarked(_ change: Change) -> Bool {
    guard let marker = change.observed?.marker else { return false }
    return marker.owner == owner && marker.name == change.key.name
  }

  private func marker(for change: Change) -> OwnershipMarker {
    let fingerprint = change.desired.map(CanonicalJSON.fingerprint) ?? ""
    return OwnershipMarker(owner: owner, name: change.key.name, fingerprint: fingerprint, commit: commit)
  }

  private func record(_ result: WriteResult, _ change: Change, intent: Int) async throws {
    let outcome = result.outcome
    let recorded = ChangeRecord(
      key: change.key, action: change.action.kind.rawValue, status: outcome.status, error: outcome.error?.message)
    let isApplied = outcome.status == .applied
    let event = Event(
      isApplied ? .info : .error, source: "apply", subject: change.key.path,
      reason: isApplied ? reason(change) : outcome.error?.code.rawValue ?? "failed",
      isApplied ? "\(change.key.name) \(outcome.note)" : "\(change.key.name): \(outcome.error?.message ?? "failed")",
      run: run, correlation: correlations[change.key] ?? correlation)
    try await stores.ledger.complete(
      intent, recorded, ledger: ledgerUpdate(result, change), event: event, at: now())
  }

  private func reason(_ change: Change) -> String {
    switch change.action {
    case .create: "Created"
    case .update: change.renamedFrom != nil ? "Renamed" : change.cause == .drifted ? "DriftRepaired" : "Updated"
    case .delete: "Deleted"
    case .adopt: "Adopted"
    case .release(let isDisabling): isDisabling ? "Disabled" : "Released"
    case .blocked: "Blocked"
    }
  }

  /// The ledger row afterwards. A name is released only after its object is proven gone.
  private func ledgerUpdate(_ result: WriteResult, _ change: Change) -> LedgerUpdate {
    let isApplied = result.outcome.status == .applied
    // NPM stored it, whether or not nginx serves it.
    let isStored = isApplied || result.outcome.status == .unproven
    guard let spec = change.desired else { return isApplied ? .remove : .keep }
    let old = change.entry
    // A restored object carries what it carried before: the former name, or no marker at all.
    let isAsBefore = result.isCertainlyUnwritten || (result.isRestored && (old == nil || change.renamedFrom != nil))
    if !isApplied && isAsBefore {
      guard let old else { return .remove }
      return change.renamedFrom == nil ? .put(old) : .rename(from: change.key, to: old)
    }
    return .put(
      LedgerEntry(
        key: change.key, id: result.object?.id ?? change.id,
        createdOn: result.object?.createdOn ?? old?.createdOn ?? change.observed?.createdOn,
        modifiedOn: isStored || result.isRestored ? result.object?.modifiedOn : old?.modifiedOn,
        applied: isStored ? spec : old?.applied,
        claims: result.object?.spec.normalised().identityKeys ?? spec.identityKeys,
        isUnfinished: !isApplied && !result.isRestored, lifecycle: change.lifecycle))
  }
}
