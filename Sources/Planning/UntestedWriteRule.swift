import Model

/// Some writes make NPM write nginx files of other hosts without a test: those to an access list, of every host that
/// uses it; a request to Let's Encrypt, of every host that shares a name with it.
///
/// If such a host is enabled and refused by nginx, its bad file comes back, and NPM accepts no configuration at all
/// until the host is disabled. Those hosts that we own are corrected first; for any other, the write is blocked.
struct UntestedWriteRule {
  static func apply(to changes: inout [Change]) {
    let writers = changes.indices.filter { !written(by: changes[$0]).isEmpty && !changes[$0].isBlocked }
    guard !writers.isEmpty else { return }
    let correctors = Dictionary(
      firstOf: changes.lazy.filter { !$0.isBlocked && $0.action != .create }.compactMap { change in
        change.ref.map { ($0, change.key) }
      })
    var corrected: [ResourceKey: Set<ResourceKey>] = [:]
    for index in writers {
      let original = changes[index]
      for host in written(by: original) where host.isRefused {
        guard let corrector = correctors[host.ref] else {
          changes[index] = original
          changes[index].block(reason(original, host))
          break
        }
        changes[index].dependsOn.append(corrector)
        corrected[corrector, default: []].insert(original.key)
      }
    }
    // A host that is corrected for the sake of its list does not wait for the list, which is there.
    for index in changes.indices {
      if let lists = corrected[changes[index].key] { changes[index].dependsOn.removeAll(where: lists.contains) }
    }
  }

  private static func written(by change: Change) -> [ObservedResource] {
    switch change.action {
    case .update, .adopt: change.key.kind == .accessList ? change.users : []
    case .create: change.rewrites
    default: []
    }
  }

  private static func reason(_ change: Change, _ host: ObservedResource) -> BlockReason {
    let what = change.key.kind == .accessList ? "is on it" : "has one of its names"
    return BlockReason(
      .hostRefused,
      "\(host.label) (\(host.ref.description)) \(what), is switched on, and nginx refuses it: NPM would write its file again, and then take no configuration at all",
      hint: "switch \(host.ref.description) off or correct it in NPM first", holder: host.id)
  }
}
