import Model

/// A domain is served once, a port is taken once: finds who holds what changes want, and what must be freed first.
struct ClaimRule {
  private var holders: [String: ObjectRef] = [:]
  /// Changes that give a claim up, by the object that holds it.
  private var releases: [ObjectRef: Change] = [:]
  /// Changes that would give a claim up, but that the policy holds back.
  private var withheld: [ObjectRef: Change] = [:]
  /// Our own objects, by the names that the store or else their markers have.
  private var names: [ObjectRef: String] = [:]

  init(_ observed: ObservedState, _ plan: Plan, _ ownership: Ownership, wanted: [Change]) {
    for object in observed.resources.values.joined() {
      let holder = object.ref
      for claim in object.spec.claims { holders[claim.lowercased()] = holder }
      if let marker = object.marker, marker.owner == plan.owner {
        names[holder] = ownership.claimed[object.kind]?[object.id]?.name ?? marker.name
      }
    }
    for change in plan.withheld { if let holder = change.ref { withheld[holder] = change } }
    for change in wanted where !change.isBlocked {
      if let holder = change.ref { releases[holder] = change }
    }
  }

  func apply(to changes: [Change]) -> [Change] {
    changes.map { change in
      guard !change.isBlocked, !change.action.isRemoval, let desired = change.desired else { return change }
      var checked = change
      for claim in desired.claims {
        guard let holder = holders[claim], holder != change.ref else { continue }
        if let release = releases[holder], frees(release, claim) {
          checked.after.append(release.key)
          checked.releasedBy.append(release.key)
        } else {
          return blocked(change, claim, holder)
        }
      }
      return checked
    }
  }

  private func frees(_ change: Change, _ claim: String) -> Bool {
    change.action == .delete || (change.action == .update && change.desired?.claims.contains(claim) == false)
  }

  private func blocked(_ change: Change, _ claim: String, _ holder: ObjectRef) -> Change {
    var blocked = change
    let (code, verb) = change.desired.map { ConflictMessage.of(claim, $0) } ?? (.domainTaken, "served by")
    if let kept = withheld[holder], frees(kept, claim) {
      let name = kept.key.name
      blocked.action = .blocked(
        BlockReason(
          code, "\(claim) is still \(verb) '\(name)' (\(holder.description)), which \(keeper(kept)) keeps",
          hint: kept.suspension == nil
            ? "with --policy sync '\(name)' gives it up first" : "end the suspension of '\(name)' first",
          holder: holder.id))
    } else if let name = names[holder] {
      blocked.action = .blocked(
        BlockReason(
          code, "\(claim) is still \(verb) '\(name)' (\(holder.description)), which is ours and keeps it for now",
          hint: "take it off '\(name)' in the YAML, and look what holds that change back or leaves it out",
          holder: holder.id))
    } else {
      let what = code == .portTaken ? "port" : "domain"
      blocked.action = .blocked(
        BlockReason(
          code, "\(claim) is \(verb) \(holder.description), which is not ours",
          hint: "remove the \(what) from \(holder.description) in NPM, or from '\(change.key.name)' here",
          holder: holder.id))
    }
    return blocked
  }

  private func keeper(_ change: Change) -> String { change.suspension == nil ? "the policy" : "a suspension" }
}
