import Model
import NPMClient

/// The calls that bring one row about, in the order in which NPM configures nginx from what it stores.
///
/// NPM's calls configure from different rows: a PUT from what was sent (but for 404 hosts: from what was there before), the
/// call that switches a host on from a row without the users and addresses of its access list.
struct RowWriter: Sendable {
  let gateway: any NPMGateway
  let version: NPMVersion
  let reload: ReloadWitness

  /// Brings a row about that is there.
  ///
  /// - Parameters:
  ///   - before: the row as it is.
  ///   - secrets: the texts behind the seals; NPM keeps those that are not given.
  ///   - provesDisabled: a disable was not confirmed; only another one that answers cleanly proves that nginx was reloaded
  ///   without the host.
  func write(
    _ before: ObservedResource, _ spec: Spec, meta: JSONValue, secrets: [String: Secret], provesDisabled: Bool = false
  ) async -> NPMError? {
    let isWanted = spec["enabled"] != false
    // PUT leaves the configuration of a host that it disables: a host that is to be off goes off first. One that nginx
    // refused goes off, too: its file may be what keeps nginx from taking anything.
    let goesOff = before.isEnabled && (!isWanted || before.isRefused)
    if goesOff, let error = await switchOff(before) { return error }
    let isOff = goesOff || !before.isEnabled
    let isSwitching = isOff && isWanted && spec.schema.isSwitchedByUpdate
    // What is off is stored, and configured when it is switched on.
    if !isOff || isSwitching { await reload.arm() }
    if let error = await attempt({
      try await gateway.update(before.id, spec, meta: meta, secrets: secrets, isSwitchingOn: isSwitching)
    }) {
      return error
    }
    if isOff && !isWanted && provesDisabled && !goesOff { return await proveOff(before, spec, meta, secrets) }
    if isWanted && !isSwitching && isOff { return await switchOn(before) }
    return isWanted && isStale(before) ? await restart(before) : nil
  }

  /// Makes NPM configure a host from its row as it is. Nothing in the row changes.
  func configure(_ host: ObservedResource) async -> NPMError? {
    if isStale(host) { return await restart(host) }
    return await touch(host, meta: host.meta)
  }

  /// Writes `meta` alone.
  func touch(_ host: ObservedResource, meta: JSONValue) async -> NPMError? {
    if host.isEnabled { await reload.arm() }
    return await attempt { try await gateway.touch(host, meta: meta) }
  }

  func switchOff(_ host: ObservedResource) async -> NPMError? {
    await reload.arm()
    return await attempt { try await gateway.setEnabled(host.kind, host.id, false) }
  }

  private func switchOn(_ host: ObservedResource) async -> NPMError? {
    await reload.arm()
    return await attempt { try await gateway.setEnabled(host.kind, host.id, true) }
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
        await attempt {
          try await gateway.update(host.id, spec.enabled, meta: meta, secrets: secrets, isSwitchingOn: true)
        }
      } else { await switchOn(host) }
    if let error { return error }
    return await switchOff(host)
  }

  /// Whether a PUT leaves nginx with what was there before.
  private func isStale(_ host: ObservedResource) -> Bool {
    host.spec.schema.staleSince.map { version >= $0 } ?? false
  }

  func attempt(_ body: () async throws -> Void) async -> NPMError? {
    do {
      try await body()
      return nil
    } catch let error as NPMError {
      return error
    } catch {
      return NPMError(.internalError, "\(error)", isOutcomeUnknown: true)
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
