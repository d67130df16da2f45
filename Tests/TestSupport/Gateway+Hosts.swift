package import Model
package import NPMClient

/// Calls for proxy hosts without secrets.
extension NPMGateway {
  package func hosts() async throws -> [ObservedResource] { try await objects(.proxyHost) }
  package func host(_ id: ResourceID) async throws -> ObservedResource? { try await object(.proxyHost, id) }
  package func create(_ spec: Spec, meta: JSONValue) async throws -> ResourceID {
    try await create(spec, meta: meta, secrets: [:])
  }
  package func update(_ id: ResourceID, _ spec: Spec, meta: JSONValue) async throws {
    try await update(id, spec, meta: meta, secrets: [:])
  }
  package func setEnabled(_ id: ResourceID, _ isEnabled: Bool) async throws {
    try await setEnabled(.proxyHost, id, isEnabled)
  }
  package func delete(_ id: ResourceID) async throws { try await delete(.proxyHost, id) }
}
