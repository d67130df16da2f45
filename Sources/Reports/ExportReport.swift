package import DesiredFiles
import Model

/// A desired file that a command made.
package struct DesiredFileReport: Codable, Hashable, Sendable {
  /// With the directory that it was written to.
  package var name: String
  /// Absent: it was written to `name`.
  package var text: String?

  static func all(of result: DesiredFileSet, _ directory: String?) -> [DesiredFileReport] {
    result.files.map { file in
      directory.map { DesiredFileReport(name: "\($0)/\(file.name)") }
        ?? DesiredFileReport(name: file.name, text: file.text)
    }
  }
}

/// What `export` prints, as JSON.
package struct ExportReport: Codable, Hashable, Sendable {
  package var formatVersion = "1"
  package var exported: Int
  package var files: [DesiredFileReport]
  package var diagnostics: [DiagnosticReport]

  private enum CodingKeys: String, CodingKey {
    case exported, files, diagnostics
    case formatVersion = "format_version"
  }

  /// - Parameter directory: where the files were written; nil: nowhere.
  package init(_ result: DesiredFileSet, _ directory: String?) {
    exported = result.objectCount
    files = DesiredFileReport.all(of: result, directory)
    diagnostics = result.warnings.map(DiagnosticReport.init)
  }
}

/// What `import` prints, as JSON.
package struct ImportReport: Codable, Hashable, Sendable {
  package var formatVersion = "1"
  /// Objects that are more than a comment.
  package var imported: Int
  package var files: [DesiredFileReport]
  /// What was not translated.
  package var diagnostics: [DiagnosticReport]

  private enum CodingKeys: String, CodingKey {
    case imported, files, diagnostics
    case formatVersion = "format_version"
  }

  /// - Parameter directory: where the files were written; nil: nowhere.
  package init(_ result: DesiredFileSet, _ directory: String?) {
    imported = result.objectCount
    files = DesiredFileReport.all(of: result, directory)
    diagnostics = result.warnings.map(DiagnosticReport.init)
  }
}
