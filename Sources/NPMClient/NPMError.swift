package import Model

/// An error of NPM or of the connection to it: a stable code with NPM's own message.
package struct NPMError: DiagnosableError, Sendable, Equatable, CustomStringConvertible {
  package var code: DiagnosticCode
  package var message: String
  package var hint: String?
  package var status: Int?
  /// For a write: whether it may have been executed in spite of the error. Only reading back shows it.
  package var isOutcomeUnknown: Bool
  /// Whether NPM itself reported the failure: it has finished the call, possibly with side effects.
  package var isOver = false
  /// The ID of the call, here and in NPM's log.
  package var callID: String?

  package init(
    _ code: DiagnosticCode, _ message: String, hint: String? = nil, status: Int? = nil, isOutcomeUnknown: Bool = false,
    callID: String? = nil
  ) {
    self.code = code
    self.message = message
    self.hint = hint
    self.status = status
    self.isOutcomeUnknown = isOutcomeUnknown
    self.callID = callID
  }

  /// - Parameter name: what the NPM is called.
  package static func notSetUp(_ name: String) -> NPMError {
    NPMError(.npmNotSetUp, "\(name) has no user yet", hint: "open it in a browser and create the first user")
  }

  package var description: String { message }
  package var diagnostic: Diagnostic {
    var diagnostic = Diagnostic(code, message, hint: hint)
    diagnostic.callID = callID
    return diagnostic
  }
}
