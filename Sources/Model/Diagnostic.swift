/// One problem: its position, its message and how to fix it.
package struct Diagnostic: Hashable, Sendable {
  package enum Severity: String, Hashable, Sendable, Encodable { case error, warning }

  /// An earlier position that belongs to the problem.
  package struct Note: Hashable, Sendable {
    package var message: String
    package var location: SourceLocation

    package init(_ message: String, at location: SourceLocation) {
      self.message = message
      self.location = location
    }
  }

  package var code: DiagnosticCode
  package var severity: Severity
  package var message: String
  package var hint: String?
  package var location: SourceLocation?
  package var note: Note?
  /// The ID of the failed call, here and in the upstream's log.
  package var callID: String?

  package init(
    _ code: DiagnosticCode, _ message: String, at location: SourceLocation? = nil, hint: String? = nil,
    note: Note? = nil, severity: Severity = .error
  ) {
    self.code = code
    self.severity = severity
    self.message = message
    self.hint = hint
    self.location = location
    self.note = note
  }
}

/// An error that users see.
package protocol DiagnosableError: Error {
  var diagnostic: Diagnostic { get }
}

extension Diagnostic {
  /// Of any error: one that no user should see is internal.
  package init(of error: any Error) {
    self = (error as? any DiagnosableError)?.diagnostic ?? Diagnostic(.internalError, "\(error)")
  }
}

extension Sequence where Element == Diagnostic {
  package var hasErrors: Bool { contains { $0.severity == .error } }

  /// Sorted by position; diagnostics without one come first.
  package var inSourceOrder: [Diagnostic] {
    sorted { left, right in
      switch (left.location, right.location) {
      case (let left?, let right?): left < right
      case (nil, .some): true
      default: false
      }
    }
  }
}
