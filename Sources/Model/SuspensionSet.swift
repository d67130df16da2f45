/// What is suspended at a moment.
package struct SuspensionSet: Hashable, Sendable {
  /// nil: not everything is.
  package var everything: Suspension?
  package var resources: [ResourceKey: Suspension] = [:]

  package init(everything: Suspension? = nil, resources: [ResourceKey: Suspension] = [:]) {
    self.everything = everything
    self.resources = resources
  }

  package var isEmpty: Bool { everything == nil && resources.isEmpty }

  /// The suspension that holds for a resource; nil: none does.
  package func covering(_ key: ResourceKey) -> Suspension? { everything ?? resources[key] }
}
