package import Model

/// What NPM or the way to it did wrong, as a stable code with NPM's own words.
package struct NPMError: Error, Sendable, Equatable, CustomStringConvertible {
  package var code: DiagnosticCode
  package var message: String
  package var hint: String?
  package var status: Int?
  /// For a write: whether it may have happened in spite of the error. Then only reading back tells.
  package var isOutcomeUnknown: Bool
  /// NPM itself said that it failed: it is done with the call, whatever it left behind.
  package var isOver = false
  /// Names the call, here and in NPM's own log.
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

  package var description: String { message }
  package var diagnostic: Diagnostic {
    var diagnostic = Diagnostic(code, message, hint: hint)
    diagnostic.callID = callID
    return diagnostic
  }
}
