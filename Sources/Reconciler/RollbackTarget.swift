package import Model
package import Planning
package import Store

/// The state after an earlier run, as far as later runs changed it.
package struct RollbackTarget: Sendable {
  /// The run whose result is to come back; 0: before the first one.
  package var run: Int
  /// What there was then, of what was changed since.
  package var desired: DesiredState
  /// Everything that was changed since.
  package var keys: Set<ResourceKey>
  /// Names that were given up since while their hosts stayed in NPM: those very hosts may be taken over again.
  package var adoption: Adoption
  /// What the hosts of then are called today.
  package var former: [ResourceKey: ResourceKey]

  /// What is known of a name at that time.
  private struct State {
    var spec: Spec?
    var lifecycle: Lifecycle?
  }

  /// - Parameters:
  ///   - history: all changes that the store remembers, newest first.
  ///   - ledger: what the store knows today.
  package init(run: Int, history: [HistoryEntry], ledger: [LedgerEntry]) {
    self.run = run
    let later = history.filter { $0.intent.run > run && $0.outcome != .notAttempted }
    keys = Set(later.flatMap { [$0.intent.key] + ($0.intent.former.map { [$0] } ?? []) })
    adoption = Adoption(names: [], acceptsChanges: true)
    former = [:]
    var states: [ResourceKey: State] = [:]
    for change in later.map(\.intent) { Self.undo(change, &states, &former, &adoption) }
    Self.recall(history.filter { $0.intent.run <= run }, later, &states)
    let lives = Dictionary(ledger.map { ($0.key, $0.lifecycle) }) { first, _ in first }
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

  /// Walks one change back.
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
    // Renames are walked back one after the other: what is known of the later name holds for the earlier one.
    former[old] = former.removeValue(forKey: change.key) ?? change.key
  }

  /// What was there before the next change may have been changed by hand: what a run left is what it wrote.
  private static func recall(_ earlier: [HistoryEntry], _ later: [HistoryEntry], _ states: inout [ResourceKey: State]) {
    // What was taken over from somebody was there before: it is never taken for what an older run deleted.
    let adopted = Set(later.filter { $0.intent.action == "adopt" }.map(\.intent.key))
    var known: Set<ResourceKey> = adopted
    for change in earlier where change.outcome != .failed && change.outcome != .notAttempted {
      for key in [change.intent.key] + (change.intent.former.map { [$0] } ?? []) where states[key] != nil {
        // A run that was killed in the middle of it: nobody knows what it left.
        guard known.insert(key).inserted, change.outcome == .applied else { continue }
        if key == change.intent.former || change.intent.action == "delete" { states[key]?.spec = nil }
        if key == change.intent.key, let written = change.intent.after { states[key]?.spec = written }
      }
    }
  }
}
