/// Names one of the Nginx Proxy Managers that a program manages.
package struct InstanceID: RawRepresentable, Hashable, Codable, Comparable, Sendable, CustomStringConvertible {
  package var rawValue: String

  package init(rawValue: String) { self.rawValue = rawValue }

  /// The one that `npm:` of the settings describes.
  package static let `default` = InstanceID(rawValue: "default")

  package static func < (left: InstanceID, right: InstanceID) -> Bool { left.rawValue < right.rawValue }
  package var description: String { rawValue }
}

/// A resource of one of several Nginx Proxy Managers: what health, alerts and events are about.
package struct TargetKey: Hashable, Codable, Comparable, Sendable, CustomStringConvertible {
  package var instance: InstanceID
  package var resource: ResourceKey

  package init(_ instance: InstanceID, _ resource: ResourceKey) {
    self.instance = instance
    self.resource = resource
  }

  package var name: String { resource.name }
  /// The name alone where there is one instance.
  package var description: String { instance == .default ? name : "\(instance)/\(name)" }

  package static func < (left: TargetKey, right: TargetKey) -> Bool {
    (left.instance, left.resource) < (right.instance, right.resource)
  }
}
