/// The NPM instance that the state belongs to, and what was learned about it.
package protocol BindingStore: Sendable {
  /// The address of the NPM instance that the state belongs to; nil before the first apply.
  func boundNPM() async throws -> String?
  func bind(npm: String) async throws

  /// The key of the fingerprints of secrets; kept apart from them. Without it they only show that something may have
  /// changed.
  func fingerprintKey() async throws -> [UInt8]

  /// Whether an idle connection to this address of NPM ends when nginx reloads; nil: not observed yet.
  func reloadWitness(of npm: String) async throws -> Bool?
  func setReloadWitness(_ counts: Bool, of npm: String) async throws

  /// The change after which no nginx reload has been observed; nil: there is none.
  func unprovenChange(of npm: String) async throws -> String?
  func setUnprovenChange(_ change: String?, of npm: String) async throws
}
