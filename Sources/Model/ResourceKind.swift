/// A kind of object in NPM, by its name in our JSON.
package struct ResourceKind: RawRepresentable, Hashable, Codable, Comparable, Sendable {
  package var rawValue: String

  package init(rawValue: String) { self.rawValue = rawValue }

  package static let certificate = ResourceKind(rawValue: "certificate")
  package static let accessList = ResourceKind(rawValue: "access_list")
  package static let proxyHost = ResourceKind(rawValue: "proxy_host")
  package static let redirectionHost = ResourceKind(rawValue: "redirection_host")
  package static let deadHost = ResourceKind(rawValue: "dead_host")
  package static let setting = ResourceKind(rawValue: "setting")
  package static let stream = ResourceKind(rawValue: "stream")

  package static func < (left: ResourceKind, right: ResourceKind) -> Bool { left.rawValue < right.rawValue }

  /// Its name in messages.
  package var title: String { self == .deadHost ? "404 host" : rawValue.replacing("_", with: " ") }
}

/// An object of the desired state: its kind and its name there.
package struct ResourceKey: Hashable, Codable, Comparable, Sendable, CustomStringConvertible {
  package var kind: ResourceKind
  package var name: String

  package init(_ kind: ResourceKind, _ name: String) {
    self.kind = kind
    self.name = name
  }

  package static func < (left: ResourceKey, right: ResourceKey) -> Bool {
    (left.kind, left.name) < (right.kind, right.name)
  }
  package var description: String { "\(kind.title) '\(name)'" }
  /// Machine-readable form: `proxy_host/jellyfin`.
  package var path: String { "\(kind.rawValue)/\(name)" }
}

/// NPM's id of an object.
package struct ResourceID: Hashable, Codable, Comparable, Sendable, CustomStringConvertible {
  package var number: Int

  package init(_ number: Int) { self.number = number }
  package init(from decoder: any Decoder) throws { number = try decoder.singleValueContainer().decode(Int.self) }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(number)
  }

  package static func < (left: ResourceID, right: ResourceID) -> Bool { left.number < right.number }
  package var description: String { String(number) }
}

/// An object of NPM: each kind has its own ids.
package struct ObjectRef: Hashable, Comparable, Sendable, CustomStringConvertible {
  package var kind: ResourceKind
  package var id: ResourceID

  package init(_ kind: ResourceKind, _ id: ResourceID) {
    self.kind = kind
    self.id = id
  }

  package static func < (left: ObjectRef, right: ObjectRef) -> Bool { (left.kind, left.id) < (right.kind, right.id) }

  /// `host 7` for proxy hosts, the most frequent kind.
  package var description: String { "\(kind == .proxyHost ? "host" : kind.title) \(id)" }
}
