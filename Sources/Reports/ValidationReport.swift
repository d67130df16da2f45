package import Model
package import Probe

/// What is wrong with the desired files and their destinations, as JSON of the configuration: what `validate` prints.
package struct ValidationReport: Codable, Hashable, Sendable {
  package var formatVersion = "1"
  package var diagnostics: [DiagnosticReport]
  package var destinations: [DestinationReport]

  private enum CodingKeys: String, CodingKey {
    case diagnostics, destinations
    case formatVersion = "format_version"
  }

  package init(_ diagnostics: [Diagnostic], _ results: [ProbeResult]) {
    self.diagnostics = diagnostics.map(DiagnosticReport.init)
    destinations = results.map(DestinationReport.init)
  }
}
