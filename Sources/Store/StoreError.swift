package import Model

/// Why the store is unavailable.
package struct StoreError: DiagnosableError, Equatable, Sendable, CustomStringConvertible {
  package var code: DiagnosticCode
  package var message: String
  package var hint: String?

  package init(_ code: DiagnosticCode, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }

  package static func otherNPM(bound: String, now: String) -> StoreError {
    StoreError(
      .storeOtherNPM, "this state belongs to NPM at \(bound), not to \(now)",
      hint: "name another file with --state; if it is the same NPM under a new address, run once with --rebind-state")
  }

  package var description: String { message }
  package var diagnostic: Diagnostic { Diagnostic(code, message, hint: hint) }
}
