/// The kinds of NPM object. The raw value is the word in JSON output and in the store.
package enum ResourceKind: String, CaseIterable, Codable, Comparable, Sendable {
  case certificate
  case accessList = "access_list"
  case proxyHost = "proxy_host"
  case redirectionHost = "redirection_host"
  case deadHost = "dead_host"
  case stream

  package static func < (left: ResourceKind, right: ResourceKind) -> Bool { left.rawValue < right.rawValue }

  /// What people call one.
  package var title: String {
    switch self {
    case .certificate: "certificate"
    case .accessList: "access list"
    case .proxyHost: "proxy host"
    case .redirectionHost: "redirection host"
    case .deadHost: "404 host"
    case .stream: "stream"
    }
  }
}

/// Which object people mean: its kind and the name it has in the YAML. Renaming a domain keeps the identity.
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
  /// For machines: `proxy_host/jellyfin`.
  package var path: String { "\(kind.rawValue)/\(name)" }
}

/// NPM's number for an object. Never used again after a delete.
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
