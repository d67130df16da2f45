package import Model

/// A diagnostic, as JSON of the contract.
package struct DiagnosticReport: Codable, Hashable, Sendable {
  package struct Note: Codable, Hashable, Sendable {
    package var message: String
    package var file: String
    package var line: Int
    package var column: Int
  }

  package var code: String
  package var severity: String
  package var message: String
  @Nullable package var hint: String?
  @Nullable package var file: String?
  @Nullable package var line: Int?
  @Nullable package var column: Int?
  package var correlation: String?
  package var note: Note?

  private enum CodingKeys: String, CodingKey {
    case code, severity, message, hint, file, line, column, note
    case correlation = "correlation_id"
  }

  package init(_ diagnostic: Diagnostic) {
    code = diagnostic.code.rawValue
    severity = diagnostic.severity.rawValue
    message = diagnostic.message
    _hint = Nullable(wrappedValue: diagnostic.hint)
    _file = Nullable(wrappedValue: diagnostic.location?.file)
    _line = Nullable(wrappedValue: diagnostic.location?.line)
    _column = Nullable(wrappedValue: diagnostic.location?.column)
    correlation = diagnostic.callID
    note = diagnostic.note.map {
      Note(message: $0.message, file: $0.location.file, line: $0.location.line, column: $0.location.column)
    }
  }
}

/// A place in a file.
package struct LocationReport: Codable, Hashable, Sendable {
  package var file: String
  package var line: Int
  package var column: Int

  package init(_ location: SourceLocation) {
    file = location.file
    line = location.line
    column = location.column
  }
}
