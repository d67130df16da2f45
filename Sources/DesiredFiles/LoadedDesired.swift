package import Model

/// The result of loading the desired files.
package struct LoadedDesired: Sendable {
  package var state = DesiredState()
  /// In source order.
  package var diagnostics: [Diagnostic] = []
  package var texts = SourceLines()
  /// Further files that provide values: certificates, keys, passwords.
  package var referred: Set<String> = []
  /// There is no desired file: a folder that was not set up yet.
  package var hasNoFiles: Bool { diagnostics.contains { [.desiredMissing, .desiredEmpty].contains($0.code) } }
  /// The number of files with at least one error.
  package var filesWithErrors: Int {
    Set(diagnostics.filter { $0.severity == .error }.compactMap { $0.location?.file }).count
  }
}
