package import Model

/// An entry of NPM's audit log, which returns the newest hundred.
package struct AuditEntry: Sendable, Equatable {
  /// Later entries have larger numbers.
  package var number = 0
  package var createdOn: String
  package var user: String
  package var kind: String
  package var id: ResourceID
  package var action: String
  /// The request body, or the affected row. Never shown: it may contain passwords.
  package var payload: JSONValue = .null

  /// The time to the minute, on NPM's clock and in its zone: `2026-11-21 14:02`.
  package var minute: String { String(createdOn.prefix(16)).replacing("T", with: " ") }
}

package struct ServerInfo: Sendable, Equatable {
  package var version: NPMVersion
  /// False until NPM has its first user.
  package var isSetUp: Bool

  package init(version: NPMVersion, isSetUp: Bool) {
    self.version = version
    self.isSetUp = isSetUp
  }
}

/// An idle connection to NPM's API, opened before a write.
package struct IdleWitness: Sendable {
  /// Whether the response came through an nginx and no other proxy reported itself on the way.
  package var isThroughNginx: Bool
  /// Waits up to the given seconds for the peer to close it; returns whether it did.
  package var ends: @Sendable (Double) async -> Bool

  package init(isThroughNginx: Bool, ends: @escaping @Sendable (Double) async -> Bool) {
    self.isThroughNginx = isThroughNginx
    self.ends = ends
  }
}

/// The interface to NPM.
///
/// Reads may run concurrently. Writes must not: NPM has no lock around nginx, and two at once take healthy hosts
/// offline. The response to a write proves nothing; read back.
package protocol NPMGateway: Sendable {
  func server() async throws(NPMError) -> ServerInfo
  /// Reads everything that a plan needs; of fixed kinds only those in `fixed`. Fails as a whole if one list fails.
  func observe(fixed: Set<ResourceKind>) async throws(NPMError) -> ObservedState
  /// nil: NPM reports that the object is gone.
  func object(_ kind: ResourceKind, _ id: ResourceID) async throws(NPMError) -> ObservedResource?
  /// All objects of a kind, for reading back a create.
  func objects(_ kind: ResourceKind) async throws(NPMError) -> [ObservedResource]
  /// Returns the id that NPM assigned. Later writes find the object by its name.
  ///
  /// - Parameter secrets: the texts behind the fingerprints of the spec, by `SecretFingerprint.path`.
  func create(_ spec: Spec, meta: JSONValue, secrets: [String: Secret]) async throws(NPMError) -> ResourceID
  /// Writes every field except `enabled`, which has calls of its own. NPM keeps secrets that are not given.
  ///
  /// - Parameter isSwitchingOn: also send `enabled` if NPM accepts it, so that nginx is configured from this very row.
  func update(
    _ id: ResourceID, _ spec: Spec, meta: JSONValue, secrets: [String: Secret], isSwitchingOn: Bool)
    async throws(NPMError)
  /// Writes only `meta`, which makes NPM configure nginx from the unchanged row.
  func touch(_ object: ObservedResource, meta: JSONValue) async throws(NPMError)
  func setEnabled(_ kind: ResourceKind, _ id: ResourceID, _ isEnabled: Bool) async throws(NPMError)
  func delete(_ kind: ResourceKind, _ id: ResourceID) async throws(NPMError)
  /// The files of an uploaded certificate, including its private key, by field.
  func uploads(of id: ResourceID) async throws(NPMError) -> [String: Secret]
  /// A connection that an nginx in front of NPM's API closes when it reloads; nil: not possible now.
  func idleConnection() async -> IdleWitness?
  /// nil: this account may not read it.
  func auditLog() async throws(NPMError) -> [AuditEntry]?
}

extension NPMGateway {
  package func update(_ id: ResourceID, _ spec: Spec, meta: JSONValue, secrets: [String: Secret]) async throws(NPMError)
  {
    try await update(id, spec, meta: meta, secrets: secrets, isSwitchingOn: false)
  }

  package func observe() async throws(NPMError) -> ObservedState { try await observe(fixed: []) }
}
