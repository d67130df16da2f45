import Model

/// A domain is served once: finds who holds the domains that changes want, and what must be freed first.
struct DomainRule {
  private struct Holder {
    var kind: ResourceKind
    var id: ResourceID
  }

  private var holders: [String: Holder] = [:]
  /// Changes that give a domain up, by the object that holds it.
  private var releases: [ResourceID: Change] = [:]
  /// Changes that would give a domain up, but that the policy holds back.
  private var withheld: [ResourceID: Change] = [:]
  /// Our own hosts, by the names that the store or else their markers have.
  private var names: [ResourceID: String] = [:]

  init(_ observed: ObservedState, _ plan: Plan, _ ownership: Ownership, wanted: [Change]) {
    for object in observed.resources[.proxyHost] ?? [] {
      let holder = Holder(kind: .proxyHost, id: object.id)
      for domain in object.spec.domains { holders[domain.lowercased()] = holder }
      if let marker = object.marker, marker.owner == plan.owner {
        names[object.id] = ownership.claimed[.proxyHost]?[object.id]?.name ?? marker.name
      }
    }
    for holder in observed.holders {
      for domain in holder.domains { holders[domain.lowercased()] = Holder(kind: holder.kind, id: holder.id) }
    }
    for change in plan.withheld { if let id = change.id { self.withheld[id] = change } }
    for change in wanted where !change.isBlocked {
      if let id = change.id { releases[id] = change }
    }
  }

  func apply(to changes: [Change]) -> [Change] {
    changes.map { change in
      guard !change.isBlocked, !change.action.isRemoval, let desired = change.desired else { return change }
      var checked = change
      for domain in desired.domains {
        guard let holder = holders[domain], holder.kind != change.key.kind || holder.id != change.id else { continue }
        if holder.kind == .proxyHost, let release = releases[holder.id], frees(release, domain) {
          checked.after.append(release.key)
        } else {
          return blocked(change, domain, holder)
        }
      }
      return checked
    }
  }

  private func frees(_ change: Change, _ domain: String) -> Bool {
    change.action == .delete || (change.action == .update && change.desired?.domains.contains(domain) == false)
  }

  private func blocked(_ change: Change, _ domain: String, _ holder: Holder) -> Change {
    var blocked = change
    if holder.kind == .proxyHost, let kept = withheld[holder.id], frees(kept, domain) {
      let name = kept.key.name
      blocked.action = .blocked(
        Obstacle(
          .domainTaken, "\(domain) is still served by '\(name)' (host \(holder.id)), which \(keeper(kept)) keeps",
          hint: kept.suspension == nil
            ? "with --policy sync '\(name)' gives it up first" : "end the suspension of '\(name)' first",
          holder: holder.id))
      return blocked
    }
    if holder.kind == .proxyHost, let name = names[holder.id] {
      blocked.action = .blocked(
        Obstacle(
          .domainTaken,
          "\(domain) is still served by '\(name)' (host \(holder.id)), which is ours and keeps it for now",
          hint: "take it off '\(name)' in the YAML, and look what holds that change back or leaves it out",
          holder: holder.id))
      return blocked
    }
    let what = holder.kind == .proxyHost ? "host" : holder.kind.title
    blocked.action = .blocked(
      Obstacle(
        .domainTaken, "\(domain) is served by \(what) \(holder.id), which is not ours",
        hint: "remove the domain from \(what) \(holder.id) in NPM, or from '\(change.key.name)' here",
        holder: holder.id))
    return blocked
  }

  private func keeper(_ change: Change) -> String { change.suspension == nil ? "the policy" : "a suspension" }
}
