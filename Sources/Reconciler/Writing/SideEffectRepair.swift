import Model
import NPMClient
import Planning
import Store

/// Side effects of a write on other objects: NPM is made to configure them again from their unchanged rows.
struct SideEffectRepair: Sendable {
  let gateway: any NPMGateway
  let verifier: Verifier
  let rows: RowWriter
  /// Records that a modification time was changed by us.
  let stores: StoreSet

  /// Attempts to write an affected host before it is reported as damaged.
  private static let attempts = 3

  /// A request to Let's Encrypt, even a failed one, removes TLS and access control from hosts until their next write.
  ///
  /// The affected hosts are queried now: some may have been added while certbot was running.
  ///
  /// - Parameter error: the error of the request itself.
  /// - Returns: nil: all are restored.
  func repair(sharing names: Set<String>, after error: NPMError?) async -> NPMError? {
    guard !names.isEmpty else { return nil }
    let observed: ObservedState
    do {
      observed = try await gateway.observe()
    } catch {
      return NPMError(
        .requestInterrupted, "hosts with the names of the request may be without TLS and access control",
        hint: "apply again: it is remembered, and they are written again; NPM did not list them: \(error)")
    }
    var harmed: [String] = []
    for planned in CertificateRequestRule.hosts(sharing: names, observed) {
      var isWhole = false
      for _ in 0..<Self.attempts where !isWhole { isWhole = await isRewritten(planned) }
      if !isWhole { harmed.append(planned.label) }
    }
    guard !harmed.isEmpty else { return nil }
    return NPMError(
      .requestInterrupted, "the request took TLS and access control off \(harmed.joined(separator: ", "))",
      hint:
        "apply again: it is remembered, and they are written again\(error.map { "; the request itself: \($0.message)" } ?? "")"
    )
  }

  /// NPM keeps nginx on the previous files of a certificate; any write makes nginx read them again.
  ///
  /// - Returns: nil: it did, or no host uses it.
  func reload(_ users: [ObservedResource]) async -> NPMError? {
    var tried: [String] = []
    for planned in users where planned.isEnabled {
      guard let user = try? await gateway.object(planned.kind, planned.id), user.isEnabled, user.nginx == .online
      else { continue }
      if await isRewritten(planned) { return nil }
      tried.append(user.label)
    }
    guard !tried.isEmpty else { return nil }
    return NPMError(
      .nginxUnconfirmed, "the certificate is in NPM, but nginx did not confirm \(tried.joined(separator: ", "))",
      hint: "apply again, or save a host that uses it in NPM")
  }

  func isRewritten(_ planned: ObservedResource) async -> Bool {
    do {
      guard let host = try await gateway.object(planned.kind, planned.id), host.isEnabled else { return true }
      guard await rows.configure(host) == nil else { return false }
      guard case .served(let seen) = await verifier.confirm(host.id, host.normalised, .answered) else {
        return false
      }
      try await stores.ledger.recordRewrite(of: seen.ref, modifiedOn: seen.modifiedOn)
      return true
    } catch {
      return false
    }
  }

  /// An object that is to be deleted may have come into use since the plan was made; nil: it did not.
  func user(of planned: ObservedResource) async -> NPMError? {
    do {
      guard let user = try await gateway.observe().users(of: planned).first else { return nil }
      let what = user.spec.claims.first.map { "\($0) (\(user.ref.description))" } ?? user.ref.description
      return NPMError(.stillInUse, "\(what) uses it by now", hint: "run diff again")
    } catch {
      return error
    }
  }
}
