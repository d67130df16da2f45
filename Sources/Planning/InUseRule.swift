import Model

/// Objects in use by any owner are not deleted: NPM would remove the access control or the TLS of their hosts.
struct InUseRule {
  private let observed: ObservedState
  private let owner: String

  init(_ observed: ObservedState, owner: String) {
    self.observed = observed
    self.owner = owner
  }

  /// Blocks deletes of what another object refers to, except for users that drop it in the same plan: those go first.
  func apply(to changes: inout [Change]) {
    let named = changes.indices.filter { changes[$0].observed?.nameInNPM != nil }
    guard !named.isEmpty else { return }
    let effective = Dictionary(
      firstOf: changes.lazy.filter { !$0.isBlocked }.compactMap { change in change.ref.map { ($0, change) } })
    for index in named {
      guard let object = changes[index].observed else { continue }
      let users = users(of: object)
      changes[index].users = users
      guard changes[index].action == .delete else { continue }
      let name = JSONValue.string(observed.references.name(object.kind, object.id))
      let givers = users.map { user in effective[user.ref].flatMap { givesUp($0, object.kind, name) ? $0.key : nil } }
      if let first = givers.firstIndex(of: nil) {
        changes[index].block(reason(changes[index], users[first]))
      } else {
        changes[index].dependsOn += givers.compactMap(\.self)
      }
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

  private func reason(_ change: Change, _ user: ObservedResource) -> BlockReason {
    let what = user.spec.claims.first ?? user.nameInNPM ?? "\(user.id)"
    return BlockReason(
      .stillInUse, "\(what) (\(user.kind.title) \(user.id)) still uses it",
      hint: "give that another \(change.key.kind.title) or none first; deleting it would leave the host without",
      holder: change.id)
  }
}
