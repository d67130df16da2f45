import Model

/// What a name that is gone from the YAML means for its object, by what the YAML said last of its life.
enum DeletionPolicyRule {
  static func apply(to change: Change) -> Change {
    guard change.action.isRemoval, let entry = change.entry else { return change }
    var ruled = change
    if entry.lifecycle.isProtected {
      ruled.action = .blocked(
        BlockReason(
          .protected, "it is no longer in the YAML, but protected",
          hint: "put it back with 'protect: false' and apply, then remove it", holder: change.id))
      return ruled
    }
    guard change.action == .delete else { return change }
    switch entry.lifecycle.onDelete {
    case .delete: break
    case .disable: ruled.action = .release(isDisabling: true)
    case .orphan: ruled.action = .release(isDisabling: false)
    }
    return ruled
  }
}
