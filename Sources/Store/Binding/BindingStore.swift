/// The NPM that the state belongs to, and what was learned about it.
package protocol BindingStore: Sendable {
  /// The address of the NPM that the state belongs to; nil before its first apply.
  func boundNPM() async throws -> String?
  func bind(npm: String) async throws

  /// The key of the fingerprints of secrets; kept apart from the fingerprints. Without it they only show that something may
  /// have changed.
  func fingerprintKey() async throws -> [UInt8]

  /// Whether an idle connection to this address of NPM ends when nginx reloads; nil: never seen.
  func reloadWitness(of npm: String) async throws -> Bool?
  func setReloadWitness(_ counts: Bool, of npm: String) async throws

  /// The change after which nginx was not seen to reload, and not since; nil: there is none.
  func unprovenChange(of npm: String) async throws -> String?
  func setUnprovenChange(_ change: String?, of npm: String) async throws
}
