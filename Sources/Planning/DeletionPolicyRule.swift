import Model

/// What happens to the object of a name that is gone from the YAML, by the last lifecycle that the YAML gave it.
enum DeletionPolicyRule {
  static func apply(to changes: inout [Change]) {
    for index in changes.indices where changes[index].action.isRemoval {
      guard let lifecycle = changes[index].entry?.lifecycle else { continue }
      if lifecycle.isProtected {
        changes[index].block(
          BlockReason(
            .protected, "it is no longer in the YAML, but protected",
            hint: "put it back with 'protect: false' and apply, then remove it", holder: changes[index].id))
      } else if changes[index].action == .delete {
        changes[index].action = action(lifecycle.onDelete)
      }
    }
  }

  private static func action(_ policy: Lifecycle.OnDelete) -> Change.Action {
    switch policy {
    case .delete: .delete
    case .disable: .release(isDisabling: true)
    case .orphan: .release(isDisabling: false)
    }
  }
}
