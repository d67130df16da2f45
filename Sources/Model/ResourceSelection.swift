/// Which resources a command is about: those with all these labels and one of these names.
package struct ResourceSelection: Hashable, Sendable {
  package var labels: [String: String] = [:]
  /// `jellyfin`, or with the kind, `access_list/lan`; empty: every name.
  package var names: Set<String> = []

  package init(labels: [String: String] = [:], names: Set<String> = []) {
    self.labels = labels
    self.names = names
  }

  /// Whether everything is selected.
  package var isEmpty: Bool { labels.isEmpty && names.isEmpty }

  package func contains(_ resource: DesiredResource) -> Bool {
    resource.carries(labels) && (names.isEmpty || isNamed(resource.key))
  }

  /// Whether it is selected by its name, also where it is gone from the files, and has no labels any more.
  package func isNamed(_ key: ResourceKey) -> Bool { names.contains(key.name) || names.contains(key.path) }
}
