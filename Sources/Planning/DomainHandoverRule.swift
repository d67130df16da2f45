import Model

/// A site is not taken down for a change that will not be made.
///
/// Who gives up a domain that a blocked or held change wants stays as it is, and so does who waits for a blocked change
/// or gives up what a resource that is not looked at wants.
package enum DomainHandoverRule {
  /// Blocks until nothing more has to be: blocking one change can leave another without a taker or without its turn.
  package static func apply(to changes: [Change], in plan: Plan) -> [Change] {
    var changes = changes
    let waiting = plan.bystanders + plan.withheld
    while true {
      let blocked = changes.filter(\.isBlocked)
      let wanted = Dictionary(
        (waiting + blocked).flatMap { change in (change.desired?.claims ?? []).map { ($0, change.key) } }
      ) {
        $1
      }
      let unmade = plan.withheld.filter { $0.action == .create }
      let stuck = Set((blocked + unmade).map(\.key))
      let before = blocked.count
      changes = changes.map { change in
        guard !change.isBlocked else { return change }
        if let first = change.after.first(where: stuck.contains) { return block(change, waitingFor: first) }
        guard let domain = released(by: change).first(where: { wanted[$0] != nil }), let taker = wanted[domain]
        else { return change }
        return block(change, giving: domain, to: taker)
      }
      if changes.count(where: \.isBlocked) == before { return changes }
    }
  }

  private static func released(by change: Change) -> [String] {
    let held = change.observed?.spec.normalised().claims ?? []
    let kept = Set(change.desired?.claims ?? [])
    return held.filter { !kept.contains($0) }
  }

  private static func block(_ change: Change, giving domain: String, to taker: ResourceKey) -> Change {
    var blocked = change
    blocked.action = .blocked(
      BlockReason(
        .takerBlocked,
        "it stays as it is: '\(taker.name)', which is to take over \(domain), waits, is blocked or is not selected",
        hint: "clear what holds '\(taker.name)' back first", holder: change.id))
    return blocked
  }

  private static func block(_ change: Change, waitingFor key: ResourceKey) -> Change {
    var blocked = change
    blocked.action = .blocked(
      BlockReason(
        .dependencyFailed, "it waits for '\(key.name)', which is blocked", hint: "clear what blocks '\(key.name)' first"
      ))
    return blocked
  }
}
