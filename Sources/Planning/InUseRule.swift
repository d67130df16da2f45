import Model

/// What is in use is not deleted, whoever uses it: NPM would open hosts to the world, or take their TLS away.
struct InUseRule {
  private let observed: ObservedState

  private let owner: String

  init(_ observed: ObservedState, owner: String) {
    self.observed = observed
    self.owner = owner
  }

  /// Blocks deletes of what somebody refers to, but for users that give it up in the same plan: those go first.
  func apply(to changes: [Change]) -> [Change] {
    let effective = changes.filter { !$0.isBlocked }
    return changes.map { change in
      guard let object = change.observed, object.nameInNPM != nil else { return change }
      let name = JSONValue.string(observed.references.name(object.kind, object.id))
      var checked = change
      checked.users = users(of: object)
      guard change.action == .delete else { return checked }
      for user in checked.users {
        let giver = effective.first { $0.key.kind == user.kind && $0.id == user.id }
        guard let giver, givesUp(giver, change.key.kind, name) else { return blocked(change, user) }
        checked.after.append(giver.key)
      }
      return checked
    }
  }

  /// Ours first.
  private func users(of object: ObservedResource) -> [ObservedResource] {
    let users = observed.users(of: object)
    return users.filter { $0.marker?.owner == owner } + users.filter { $0.marker?.owner != owner }
  }

  private func givesUp(_ change: Change, _ kind: ResourceKind, _ name: JSONValue) -> Bool {
    change.action == .delete || (change.changesValues && change.desired.map { !$0.refers(to: kind, name) } == true)
  }

  private func blocked(_ change: Change, _ user: ObservedResource) -> Change {
    var blocked = change
    let what = user.spec.claims.first ?? user.nameInNPM ?? "\(user.id)"
    blocked.action = .blocked(
      BlockReason(
        .stillInUse, "\(what) (\(user.kind.title) \(user.id)) still uses it",
        hint: "give that another \(change.key.kind.title) or none first; deleting it would leave the host without",
        holder: change.id))
    return blocked
  }
}
