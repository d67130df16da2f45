package import Model
package import Planning
package import Store

/// The state after an earlier run, limited to what later runs changed.
package struct RollbackTarget: Sendable {
  /// The run whose result is to be restored; 0: before the first one.
  package var run: Int
  /// The state at that time of everything that was changed since.
  package var desired: DesiredState
  /// Everything that was changed since.
  package var keys: Set<ResourceKey>
  /// Names that were released since while their hosts stayed in NPM: exactly those hosts may be taken over again.
  package var adoption: Adoption
  /// The current names of the hosts of that time.
  package var former: [ResourceKey: ResourceKey]

  /// The known state of a name at that time.
  private struct State {
    var spec: Spec?
    var lifecycle: Lifecycle?
  }

  /// - Parameters:
  ///   - history: all changes in the store, newest first.
  ///   - ledger: the current entries of the store.
  package init(run: Int, history: [HistoryEntry], ledger: [LedgerEntry]) {
    self.run = run
    let later = history.filter { $0.intent.run > run && $0.outcome != .notAttempted }
    keys = Set(later.flatMap { [$0.intent.key] + ($0.intent.former.map { [$0] } ?? []) })
    adoption = Adoption(names: [], acceptsChanges: true)
    former = [:]
    var states: [ResourceKey: State] = [:]
    for change in later.map(\.intent) { Self.undo(change, &states, &former, &adoption) }
    Self.recall(history.filter { $0.intent.run <= run }, later, &states)
    let lives = Dictionary(firstOf: ledger.map { ($0.key, $0.lifecycle) })
    let place = SourceLocation(file: "run \(run)", line: 1, column: 1)
    let resources = states.sorted { $0.key < $1.key }.compactMap { key, state in
      state.spec.map { spec in
        var metadata = DesiredResource.Metadata()
        metadata.validation = .warn
        metadata.lifecycle = state.lifecycle ?? lives[key] ?? Lifecycle()
        return DesiredResource(key: key, spec: spec, source: place, metadata: metadata, refersByNPMNames: true)
      }
    }
    desired = DesiredState(resources: resources)
  }

  /// Undoes one change.
  private static func undo(
    _ change: ChangeIntent, _ states: inout [ResourceKey: State], _ former: inout [ResourceKey: ResourceKey],
    _ adoption: inout Adoption
  ) {
    let before = State(spec: change.before, lifecycle: change.lifecycle)
    if change.action == "release", let id = change.id, let createdOn = change.createdOn {
      adoption.names?.insert(change.key)
      adoption.objects[change.key] = ObjectIdentity(id: id, createdOn: createdOn)
    }
    guard let old = change.former else {
      states[change.key] = before
      return
    }
    states[change.key] = State()
    states[old] = before
    // Renames are undone one after the other: the state of the later name applies to the earlier one.
    former[old] = former.removeValue(forKey: change.key) ?? change.key
  }

  /// The state before the next change may include manual edits: the result of a run is what it wrote.
  private static func recall(_ earlier: [HistoryEntry], _ later: [HistoryEntry], _ states: inout [ResourceKey: State]) {
    // An adopted object existed before: it is never mistaken for one that an older run deleted.
    let adopted = Set(later.filter { $0.intent.action == "adopt" }.map(\.intent.key))
    var known: Set<ResourceKey> = adopted
    for change in earlier where change.outcome != .failed && change.outcome != .notAttempted {
      for key in [change.intent.key] + (change.intent.former.map { [$0] } ?? []) where states[key] != nil {
        // A run that was killed during this change: its result is unknown.
        guard known.insert(key).inserted, change.outcome == .applied else { continue }
        if key == change.intent.former || change.intent.action == "delete" { states[key]?.spec = nil }
        if key == change.intent.key, let written = change.intent.after { states[key]?.spec = written }
      }
    }
  }
}

extension RollbackTarget {
  /// The run to go back to is none that the store remembers.
  package struct Unknown: DiagnosableError {
    package var diagnostic: Diagnostic

    init(_ message: String, hint: String) { diagnostic = Diagnostic(.unknownRun, message, hint: hint) }
  }

  /// The state after a run.
  ///
  /// - Parameter wanted: nil: the run before the last that changed something.
  /// - Throws: `Unknown`, and `StoreError`.
  package static func find(_ wanted: Int?, _ stores: StoreSet) async throws -> RollbackTarget {
    let runs = try await stores.runs.runs(limit: 100_000)
    guard let newest = runs.first, let oldest = runs.last else {
      throw Unknown("the store remembers no run", hint: "there is nothing to go back to")
    }
    let number: Int
    if let wanted {
      number = wanted
    } else {
      guard let last = runs.first(where: { $0.applied > 0 || $0.finishedAt == nil }) else {
        throw Unknown("no run that the store remembers changed anything", hint: "see 'reconciler rollback --list'")
      }
      number = last.number - 1
    }
    guard number >= oldest.number - 1, number < newest.number else {
      throw Unknown(
        "run \(number) is not one to go back to: the store knows \(oldest.number) to \(newest.number)",
        hint: "see 'reconciler rollback --list'; history.keep says how long runs are remembered")
    }
    return RollbackTarget(
      run: number, history: try await stores.runs.history(after: 0), ledger: try await stores.ledger.entries())
  }
}
