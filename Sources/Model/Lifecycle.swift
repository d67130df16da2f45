/// What only the operator decides about the life of an object; never sent to NPM.
package struct Lifecycle: Hashable, Sendable {
  /// What removal from the YAML does to the object in NPM.
  package enum OnDelete: String, Sendable {
    case delete
    /// It stays in NPM, switched off and no longer ours.
    case disable
    /// It stays in NPM as it is, no longer ours.
    case orphan
  }

  /// It is never deleted, nor switched off by removal.
  package var isProtected: Bool
  package var onDelete: OnDelete

  package init(isProtected: Bool = false, onDelete: OnDelete = .delete) {
    self.isProtected = isProtected
    self.onDelete = onDelete
  }
}

/// A wish to leave an object alone for a while.
package struct Suspension: Hashable, Sendable {
  /// The first day on which it no longer holds, as `2026-12-31`, UTC; a time, or a word for people where it was said on
  /// the command line.
  package var until: String
  package var reason: String

  package init(until: String, reason: String = "") {
    self.until = until
    self.reason = reason
  }

  /// - Parameter day: as `2026-11-21`, UTC.
  package func holds(on day: String) -> Bool { day < until }
}
