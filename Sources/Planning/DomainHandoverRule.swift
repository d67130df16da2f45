import Model

/// No site is taken down for a change that will not be made.
///
/// A resource that gives up a domain needed by a blocked or held change stays as it is; so does one that waits for a
/// blocked change, or gives up what an unselected resource needs.
package enum DomainHandoverRule {
  /// Repeats until nothing more is blocked: each blocked change can leave another without a taker or a dependency.
  package static func apply(to plan: inout Plan) {
    var wanted: [String: ResourceKey] = [:]
    for resource in plan.unselected { for claim in resource.normalised.claims { wanted[claim] = resource.key } }
    for change in plan.withheld { for claim in change.desired?.claims ?? [] { wanted[claim] = change.key } }
    var stuck = Set(plan.withheld.lazy.filter { $0.action == .create }.map(\.key))
    for change in plan.changes where change.isBlocked { note(change, &wanted, &stuck) }
    guard !wanted.isEmpty || !stuck.isEmpty else { return }
    while true {
      var newlyBlocked: [Int] = []
      for index in plan.changes.indices where !plan.changes[index].isBlocked {
        guard let reason = reason(plan.changes[index], wanted, stuck) else { continue }
        plan.changes[index].block(reason)
        newlyBlocked.append(index)
      }
      if newlyBlocked.isEmpty { return }
      for index in newlyBlocked { note(plan.changes[index], &wanted, &stuck) }
    }
  }

  private static func note(_ change: Change, _ wanted: inout [String: ResourceKey], _ stuck: inout Set<ResourceKey>) {
    for claim in change.desired?.claims ?? [] { wanted[claim] = change.key }
    stuck.insert(change.key)
  }

  private static func reason(
    _ change: Change, _ wanted: [String: ResourceKey], _ stuck: Set<ResourceKey>
  ) -> BlockReason? {
    if let first = change.dependsOn.first(where: stuck.contains) {
      return BlockReason(
        .dependencyFailed, "it waits for '\(first.name)', which is blocked",
        hint: "clear what blocks '\(first.name)' first")
    }
    for domain in released(by: change) {
      guard let taker = wanted[domain] else { continue }
      return BlockReason(
        .takerBlocked,
        "it stays as it is: '\(taker.name)', which is to take over \(domain), waits, is blocked or is not selected",
        hint: "clear what holds '\(taker.name)' back first", holder: change.id)
    }
    return nil
  }

  private static func released(by change: Change) -> [String] {
    guard let held = change.observed?.normalised.claims, held != change.desired?.claims else { return [] }
    let kept = Set(change.desired?.claims ?? [])
    return held.filter { !kept.contains($0) }
  }
}
