package import Model
package import Platform

/// What is left alone.
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

/// A wish to leave something alone, said on the command line.
package struct SuspensionRecord: Hashable, Sendable {
  package var subject: SuspensionSubject
  /// nil: until somebody resumes it.
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

/// What the command line said is to be left alone.
package protocol SuspensionStore: Sendable {
  /// Leaves a resource, or everything, alone until then, or until somebody resumes it.
  func suspend(_ record: SuspensionRecord) async throws
  /// Whether it was paused.
  func resume(_ subject: SuspensionSubject) async throws -> Bool
  /// Those that are not over.
  func suspensions(at now: Timestamp) async throws -> [SuspensionRecord]
}
