import Model

/// Some writes make NPM write nginx's files of other hosts without a test: those to an access list, of every host on it; a
/// request to Let's Encrypt, of every host that shares a name with it.
///
/// Is one of those hosts on and refused by nginx, its bad file comes back with them, and NPM takes no configuration at all
/// until it is off. What of these hosts is ours is corrected first; where it is not, the write is not made.
struct UntestedWriteRule {
  static func apply(to changes: [Change]) -> [Change] {
    let releasedBy = Dictionary(
      changes.filter { !$0.isBlocked && $0.action != .create }.compactMap { change in
        change.ref.map { ($0, change.key) }
      }
    ) { first, _ in first }
    var corrected: [ResourceKey: Set<ResourceKey>] = [:]
    var result = changes.map { change -> Change in
      guard !change.isBlocked else { return change }
      var checked = change
      for host in written(by: change) where host.isRefused {
        guard let maker = releasedBy[host.ref] else { return block(change, host) }
        checked.after.append(maker)
        corrected[maker, default: []].insert(change.key)
      }
      return checked
    }
    // A host that is corrected for the sake of its list does not wait for the list, which is there.
    for index in result.indices {
      if let lists = corrected[result[index].key] { result[index].after.removeAll(where: lists.contains) }
    }
    return result
  }

  private static func written(by change: Change) -> [ObservedResource] {
    switch change.action {
    case .update, .adopt: change.key.kind == .accessList ? change.users : []
    case .create: change.rewrites
    default: []
    }
  }

  private static func block(_ change: Change, _ host: ObservedResource) -> Change {
    var blocked = change
    let what = change.key.kind == .accessList ? "is on it" : "has one of its names"
    blocked.action = .blocked(
      BlockReason(
        .hostRefused,
        "\(host.label) (\(host.ref.description)) \(what), is switched on, and nginx refuses it: NPM would write its file again, and then take no configuration at all",
        hint: "switch \(host.ref.description) off or correct it in NPM first", holder: host.id))
    return blocked
  }
}
