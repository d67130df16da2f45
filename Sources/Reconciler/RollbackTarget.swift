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
  /// Names that were given up since while their hosts stayed in NPM: those may be taken over again.
  package var adoption: Adoption

  /// - Parameters:
  ///   - history: all changes that the store remembers, newest first.
  ///   - ledger: what the store knows today, for what only the operator decides.
  package init(run: Int, history: [PastChange], ledger: [LedgerEntry]) {
    self.run = run
    var specs: [ResourceKey: Spec] = [:]
    keys = []
    var released: Set<ResourceKey> = []
    for change in history where change.run > run {
      keys.insert(change.key)
      if change.action == "release" { released.insert(change.key) }
      specs[change.key] = change.former == nil ? change.before : nil
      if let former = change.former {
        keys.insert(former)
        specs[former] = change.before
      }
    }
    // What was there before the next change may have been changed by hand: what the run left is what it wrote.
    var known: Set<ResourceKey> = []
    for change in history where change.run <= run {
      for key in [change.key] + (change.former.map { [$0] } ?? []) where keys.contains(key) {
        guard known.insert(key).inserted, change.outcome == .applied else { continue }
        if key == change.former || change.action == "delete" { specs[key] = nil }
        if key == change.key, let written = change.after { specs[key] = written }
      }
    }
    let lives = Dictionary(ledger.map { ($0.key, $0.lifecycle) }) { first, _ in first }
    let place = SourceLocation(file: "run \(run)", line: 1, column: 1)
    desired = DesiredState(
      resources: specs.sorted { $0.key < $1.key }.map { key, spec in
        DesiredResource(
          key: key, spec: spec, source: place, validation: .warn, lifecycle: lives[key] ?? Lifecycle())
      })
    adoption = Adoption(names: released, acceptsChanges: true)
  }
}
