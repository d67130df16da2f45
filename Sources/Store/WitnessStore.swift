package import Model

/// What later passes need to know of how NPM and nginx showed our writes. Throws `StoreError`.
package protocol WitnessStore: Sendable {
  /// A write that was not about this object moved the time of its last change; that was us, too.
  func noteRewrite(_ object: ObjectRef, modifiedOn: String) async throws

  /// Whether an idle connection to this address of NPM ends when nginx reloads; nil: never seen.
  func reloadWitness(of npm: String) async throws -> Bool?
  func setReloadWitness(_ counts: Bool, of npm: String) async throws

  /// The change after which nginx was not seen to reload, and not since; nil: there is none.
  func unprovenChange(of npm: String) async throws -> String?
  func setUnprovenChange(_ change: String?, of npm: String) async throws
}
