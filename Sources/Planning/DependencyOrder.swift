import Model

/// Puts changes into an order in which each finds what it needs.
enum DependencyOrder {
  /// Creates and updates by name, then deletes; what must come first comes first. Changes that wait for each other
  /// in a circle are blocked, and with them those that wait for the circle.
  static func sort(_ changes: [Change]) -> [Change] {
    var waiting = changes.sorted { (rank($0), $0.key) < (rank($1), $1.key) }
    let known = Set(waiting.map(\.key))
    var done: Set<ResourceKey> = []
    var ordered: [Change] = []
    while !waiting.isEmpty {
      var left: [Change] = []
      for change in waiting {
        if change.after.allSatisfy({ done.contains($0) || !known.contains($0) }) {
          done.insert(change.key)
          ordered.append(change)
        } else {
          left.append(change)
        }
      }
      if left.count == waiting.count {
        return ordered
          + left.map { stuck in
            var blocked = stuck
            blocked.action = .blocked(cycle(stuck))
            return blocked
          }
      }
      waiting = left
    }
    return ordered
  }

  /// What an earlier run left unproven comes first: nginx may not reload until it is right, streams before all, because
  /// their ports are what nginx stumbles over.
  private static func rank(_ change: Change) -> Int {
    if !change.isBlocked, change.entry?.isUnfinished == true, change.id != nil {
      return change.key.kind == .stream ? -2 : -1
    }
    switch change.action {
    case .blocked: return 2
    case .delete, .release: return 1
    default: return 0
    }
  }

  private static func cycle(_ change: Change) -> Obstacle {
    let names = change.after.map(\.name).joined(separator: ", ")
    return Obstacle(
      .domainCycle, "its domains are held by \(names), which waits for a domain of this one",
      hint: "apply in two steps: take the domains off one of them first")
  }
}
