import Model
import NPMClient

/// The calls that change one row, in the order in which NPM configures nginx from its stored rows.
///
/// NPM's calls configure from different rows: a PUT from the payload (but for 404 hosts: from the previous row), the
/// call that switches a host on from a row without the users and addresses of its access list.
struct RowWriter: Sendable {
  let gateway: any NPMGateway
  let version: NPMVersion
  let reload: ReloadWitness

  /// Changes an existing row.
  ///
  /// - Parameters:
  ///   - before: the current row.
  ///   - secrets: the texts behind the fingerprints; NPM keeps those that are not given.
  ///   - provesDisabled: a disable was not confirmed; only another one without an error proves that nginx was reloaded
  ///   without the host.
  func write(
    _ before: ObservedResource, _ spec: Spec, meta: JSONValue, secrets: [String: Secret], provesDisabled: Bool = false
  ) async -> NPMError? {
    let isWanted = spec["enabled"] != false
    // PUT leaves the configuration of a host that it disables, so a host that is to be disabled is switched off first.
    // So is a host that nginx rejected: its file may make nginx reject every configuration.
    let goesOff = before.isEnabled && (!isWanted || before.isRefused)
    if goesOff, let error = await switchOff(before) { return error }
    let isOff = goesOff || !before.isEnabled
    let isSwitching = isOff && isWanted && spec.schema.isSwitchedByUpdate
    // A disabled host is only stored; it is configured when it is switched on.
    if !isOff || isSwitching { await reload.arm() }
    if let error = await attempt({ () async throws(NPMError) in
      try await gateway.update(before.id, spec, meta: meta, secrets: secrets, isSwitchingOn: isSwitching)
    }) {
      return error
    }
    if isOff && !isWanted && provesDisabled && !goesOff { return await proveOff(before, spec, meta, secrets) }
    if isWanted && !isSwitching && isOff { return await switchOn(before) }
    return isWanted && isStale(before) ? await restart(before) : nil
  }

  /// Makes NPM configure a host from its row. The row does not change.
  func configure(_ host: ObservedResource) async -> NPMError? {
    if isStale(host) { return await restart(host) }
    return await touch(host, meta: host.meta)
  }

  /// Writes only `meta`.
  func touch(_ host: ObservedResource, meta: JSONValue) async -> NPMError? {
    if host.isEnabled { await reload.arm() }
    return await attempt { () async throws(NPMError) in try await gateway.touch(host, meta: meta) }
  }

  func switchOff(_ host: ObservedResource) async -> NPMError? {
    await reload.arm()
    return await attempt { () async throws(NPMError) in try await gateway.setEnabled(host.kind, host.id, false) }
  }

  private func switchOn(_ host: ObservedResource) async -> NPMError? {
    await reload.arm()
    return await attempt { () async throws(NPMError) in try await gateway.setEnabled(host.kind, host.id, true) }
  }

  private func restart(_ host: ObservedResource) async -> NPMError? {
    if let error = await switchOff(host) { return error }
    return await switchOn(host)
  }

  private func proveOff(
    _ host: ObservedResource, _ spec: Spec, _ meta: JSONValue, _ secrets: [String: Secret]
  ) async -> NPMError? {
    let error =
      if spec.schema.isSwitchedByUpdate {
        await attempt { () async throws(NPMError) in
          try await gateway.update(host.id, spec.enabled, meta: meta, secrets: secrets, isSwitchingOn: true)
        }
      } else { await switchOn(host) }
    if let error { return error }
    return await switchOff(host)
  }

  /// Whether a PUT leaves nginx with the previous configuration.
  private func isStale(_ host: ObservedResource) -> Bool {
    host.spec.schema.staleSince.map { version >= $0 } ?? false
  }

  func attempt(_ body: () async throws(NPMError) -> Void) async -> NPMError? {
    do {
      try await body()
      return nil
    } catch {
      return error
    }
  }
}

extension Spec {
  fileprivate var enabled: Spec {
    var copy = self
    copy["enabled"] = true
    return copy
  }
}
