/// The operator's rules for the life of an object; never sent to NPM.
package struct Lifecycle: Hashable, Sendable {
  /// The effect in NPM of removing the object from the YAML.
  package enum OnDelete: String, Sendable {
    case delete
    /// It stays in NPM, disabled and no longer owned.
    case disable
    /// It stays in NPM unchanged and no longer owned.
    case orphan
  }

  /// Whether removal may neither delete nor disable it.
  package var isProtected: Bool
  package var onDelete: OnDelete

  package init(isProtected: Bool = false, onDelete: OnDelete = .delete) {
    self.isProtected = isProtected
    self.onDelete = onDelete
  }
}

/// Excludes an object from changes for a time.
package struct Suspension: Hashable, Sendable {
  /// The first day on which it no longer applies, as `2026-12-31`, UTC; if set on the command line, a time or a free
  /// text.
  package var until: String
  package var reason: String

  package init(until: String, reason: String = "") {
    self.until = until
    self.reason = reason
  }

  /// - Parameter day: as `2026-11-21`, UTC.
  package func holds(on day: String) -> Bool { day < until }
}
