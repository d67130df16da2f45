package import DesiredFiles
import Model

/// What `export` prints, as JSON.
package struct ExportReport: Codable, Hashable, Sendable {
  package struct File: Codable, Hashable, Sendable {
    /// With the directory that it was written to.
    package var name: String
    /// Absent: it was written to `name`.
    package var text: String?
  }

  package var formatVersion = "1"
  package var exported: Int
  package var files: [File]
  package var diagnostics: [DiagnosticReport]

  private enum CodingKeys: String, CodingKey {
    case exported, files, diagnostics
    case formatVersion = "format_version"
  }

  /// - Parameter directory: where the files were written; nil: nowhere.
  package init(_ result: Exporter.Result, _ directory: String?) {
    exported = result.exported
    files = result.files.map { file in
      directory.map { File(name: "\($0)/\(file.name)") } ?? File(name: file.name, text: file.text)
    }
    diagnostics = result.warnings.map(DiagnosticReport.init)
  }
}
