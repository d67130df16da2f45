package import Model

/// What NPM or the way to it did wrong, as a stable code with NPM's own words.
package struct NPMError: Error, Sendable, Equatable, CustomStringConvertible {
  package var code: DiagnosticCode
  package var message: String
  package var hint: String?
  package var status: Int?
  /// For a write: whether it may have happened in spite of the error. Then only reading back tells.
  package var isUnclear: Bool

  package init(
    _ code: DiagnosticCode, _ message: String, hint: String? = nil, status: Int? = nil, isUnclear: Bool = false
  ) {
    self.code = code
    self.message = message
    self.hint = hint
    self.status = status
    self.isUnclear = isUnclear
  }

  package var description: String { message }
  package var diagnostic: Diagnostic { Diagnostic(code, message, hint: hint) }
}
