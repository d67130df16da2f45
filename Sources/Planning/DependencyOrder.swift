import Model

/// Orders changes so that the dependencies of each come before it.
enum DependencyOrder {
  /// Creates and updates by name, then deletes; dependencies first. Changes in a dependency cycle are blocked, and with
  /// them those that depend on the cycle.
  static func sort(_ changes: [Change]) -> [Change] {
    var waiting = changes.sorted { (rank($0), $0.key) < (rank($1), $1.key) }
    let known = Set(waiting.map(\.key))
    var done: Set<ResourceKey> = []
    var ordered: [Change] = []
    while !waiting.isEmpty {
      var left: [Change] = []
      for change in waiting {
        if change.dependsOn.allSatisfy({ done.contains($0) || !known.contains($0) }) {
          done.insert(change.key)
          ordered.append(change)
        } else {
          left.append(change)
        }
      }
      if left.count == waiting.count {
        guard let opened = open(left) else {
          return ordered
            + left.map { stuck in
              var blocked = stuck
              blocked.action = .blocked(cycle(stuck))
              return blocked
            }
        }
        left = opened
      }
      waiting = left
    }
    return ordered
  }

  /// What an earlier run left unconfirmed comes first: nginx may not reload until it is fixed. Streams are the very
  /// first, because their ports are what makes nginx fail.
  private static func rank(_ change: Change) -> Int {
    if !change.isBlocked, change.entry?.isUnfinished == true, change.id != nil {
      return change.key.kind == .stream ? -3 : -2
    }
    // Then hosts without access control.
    if !change.isBlocked, change.fields.contains(where: { $0.path == FieldDiff.guardField }) { return -1 }
    switch change.action {
    case .blocked: return 2
    case .delete, .release: return 1
    default: return 0
    }
  }

  /// Breaks a cycle of objects that exchange domains or ports: one of them releases what another takes before it gets
  /// its own. nil: the changes here wait for something else.
  private static func open(_ stuck: [Change]) -> [Change]? {
    let keys = Set(stuck.map(\.key))
    for change in stuck where canStepAside(change) {
      guard let taker = stuck.firstIndex(where: { $0.releasedBy.contains(change.key) && $0.key != change.key }) else {
        continue
      }
      // It must wait for what the taker gives up, directly or indirectly; else this is no exchange.
      guard reaches(from: change.key, to: stuck[taker].key, stuck, keys) else { continue }
      var opened = stuck
      opened[taker].dependsOn.removeAll { $0 == change.key }
      opened[taker].releasedBy.removeAll { $0 == change.key }
      opened[taker].exchangesWith.append(change.key)
      return opened
    }
    return nil
  }

  private static func canStepAside(_ change: Change) -> Bool {
    change.action == .update && change.observed != nil && change.desired?.schema.claimField != nil
  }

  private static func reaches(
    from start: ResourceKey, to end: ResourceKey, _ stuck: [Change], _ keys: Set<ResourceKey>
  ) -> Bool {
    let needs = Dictionary(firstOf: stuck.map { ($0.key, $0.releasedBy) })
    var seen: Set = [start], next = [start]
    while let key = next.popLast() {
      if key == end { return true }
      for other in needs[key] ?? [] where keys.contains(other) && seen.insert(other).inserted { next.append(other) }
    }
    return false
  }

  private static func cycle(_ change: Change) -> BlockReason {
    let names = change.dependsOn.map { "'\($0.name)'" }.joined(separator: ", ")
    let what = change.key.kind == .stream ? "port" : "domain"
    return BlockReason(
      .domainCycle, "what it is to have is held by \(names), which waits for a \(what) of this one",
      hint: "apply in two steps: take the \(what)s off one of them first")
  }
}
