package import Model

/// The subject of a suspension.
package enum SuspensionSubject: Hashable, Sendable {
  case everything
  case resource(ResourceKey)

  /// `*`, or `proxy_host/jellyfin`.
  package var text: String {
    switch self {
    case .everything: "*"
    case .resource(let key): key.path
    }
  }

  package init?(text: String) {
    if text == "*" {
      self = .everything
      return
    }
    let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    self = .resource(ResourceKey(ResourceKind(rawValue: parts[0]), parts[1]))
  }
}

/// A suspension ordered on the command line.
package struct SuspensionRecord: Hashable, Sendable {
  package var subject: SuspensionSubject
  /// nil: until it is resumed.
  package var until: Timestamp?
  package var reason: String
  package var begunAt: Timestamp

  package init(_ subject: SuspensionSubject, until: Timestamp?, reason: String, begunAt: Timestamp) {
    self.subject = subject
    self.until = until
    self.reason = reason
    self.begunAt = begunAt
  }
}

/// Suspensions ordered on the command line.
package protocol SuspensionStore: Sendable {
  /// Suspends a resource, or everything, until that time or until it is resumed.
  func suspend(_ record: SuspensionRecord) async throws
  /// - Returns: whether it was suspended.
  func resume(_ subject: SuspensionSubject) async throws -> Bool
  /// Suspensions that are active at that time.
  func suspensions(at now: Timestamp) async throws -> [SuspensionRecord]
}
