package import Model

/// An entry of NPM's audit log, its newest hundred.
package struct AuditEntry: Sendable, Equatable {
  /// Later entries have larger numbers.
  package var number = 0
  package var createdOn: String
  package var user: String
  package var kind: String
  package var id: ResourceID
  package var action: String
  /// What the call sent, or the row that it was about. Never shown: passwords may be in it.
  package var payload: JSONValue = .null

  /// When, to the minute, by NPM's clock and in its zone: `2026-11-21 14:02`.
  package var minute: String { String(createdOn.prefix(16)).replacing("T", with: " ") }
}

package struct ServerInfo: Sendable, Equatable {
  package var version: NPMVersion
  /// False while NPM waits for its first user.
  package var isSetUp: Bool

  package init(version: NPMVersion, isSetUp: Bool) {
    self.version = version
    self.isSetUp = isSetUp
  }
}

/// An idle connection to NPM's API, opened before a write.
package struct IdleWitness: Sendable {
  /// Whether the answer came through an nginx, and nobody else said to stand in between.
  package var isThroughNginx: Bool
  /// Waits until it is ended, so many seconds at most.
  package var ends: @Sendable (Double) async -> Bool

  package init(isThroughNginx: Bool, ends: @escaping @Sendable (Double) async -> Bool) {
    self.isThroughNginx = isThroughNginx
    self.ends = ends
  }
}

/// NPM as the rest of the program sees it. Every method throws `NPMError`.
///
/// Reads may run side by side. Writes must not: NPM has no lock around nginx, and two at once take healthy hosts
/// offline. The answer of a write proves nothing; read back.
package protocol NPMGateway: Sendable {
  func server() async throws -> ServerInfo
  /// Everything a plan needs, of kinds that are fixed only these. Fails as a whole when one list fails.
  func observe(fixed: Set<ResourceKind>) async throws -> ObservedState
  /// nil: NPM says that it is gone.
  func object(_ kind: ResourceKind, _ id: ResourceID) async throws -> ObservedResource?
  /// All of a kind, for reading back a create.
  func objects(_ kind: ResourceKind) async throws -> [ObservedResource]
  /// The id that NPM gave it. Later writes find it by its name.
  ///
  /// - Parameter secrets: the texts behind the seals of the spec, by `SecretFingerprint.path`.
  func create(_ spec: Spec, meta: JSONValue, secrets: [String: Secret]) async throws -> ResourceID
  /// Writes every field but `enabled`, which has calls of its own. NPM keeps secrets that are not given.
  ///
  /// - Parameter isSwitchingOn: `enabled` is sent, too, where NPM takes it: nginx is configured from this very row then.
  func update(
    _ id: ResourceID, _ spec: Spec, meta: JSONValue, secrets: [String: Secret], isSwitchingOn: Bool) async throws
  /// Writes `meta` and nothing else, which makes NPM configure nginx from the row as it is.
  func touch(_ object: ObservedResource, meta: JSONValue) async throws
  func setEnabled(_ kind: ResourceKind, _ id: ResourceID, _ isEnabled: Bool) async throws
  func delete(_ kind: ResourceKind, _ id: ResourceID) async throws
  /// The files of a certificate that was uploaded, its private key among them, by their fields.
  func uploads(of id: ResourceID) async throws -> [String: Secret]
  /// A connection that nginx in front of NPM's API would end when it reloads; nil: none can be had now.
  func idleConnection() async -> IdleWitness?
  /// nil: this account may not read it.
  func auditLog() async throws -> [AuditEntry]?
}

extension NPMGateway {
  package func update(_ id: ResourceID, _ spec: Spec, meta: JSONValue, secrets: [String: Secret]) async throws {
    try await update(id, spec, meta: meta, secrets: secrets, isSwitchingOn: false)
  }

  package func observe() async throws -> ObservedState { try await observe(fixed: []) }
}
