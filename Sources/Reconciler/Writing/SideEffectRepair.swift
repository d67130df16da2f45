import Model
import NPMClient
import Planning
import Store

/// What a write means for objects that it is not about: NPM is made to configure them from their rows as they are.
struct SideEffectRepair: Sendable {
  let gateway: any NPMGateway
  let verifier: Verifier
  let rows: RowWriter
  /// Remembers that it was us who moved the time of an object's last change.
  let stores: StoreSet

  /// How often a neighbour is written before it counts as harmed.
  private static let attempts = 3

  /// A request to Let's Encrypt, also one that fails, takes TLS and access control off hosts until their next write.
  ///
  /// Which ones they are is asked now: some may have come while certbot was at work.
  ///
  /// - Parameter error: what became of the request itself.
  /// - Returns: nil: all are whole again.
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

  /// NPM keeps nginx on the files of a certificate that it had; any write makes it read them again.
  ///
  /// - Returns: nil: it did, or nothing is served with it.
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
      guard case .served(let seen) = await verifier.settle(host.id, host.normalised, .answered) else {
        return false
      }
      try await stores.ledger.recordRewrite(of: seen.ref, modifiedOn: seen.modifiedOn)
      return true
    } catch {
      return false
    }
  }

  /// Somebody may have begun to use what is to be deleted since the plan was made; nil: nobody did.
  func user(of planned: ObservedResource) async -> NPMError? {
    do {
      guard let user = try await gateway.observe().users(of: planned).first else { return nil }
      let what = user.spec.claims.first.map { "\($0) (\(user.ref.description))" } ?? user.ref.description
      return NPMError(.stillInUse, "\(what) uses it by now", hint: "run diff again")
    } catch let error as NPMError {
      return error
    } catch {
      return NPMError(.internalError, "\(error)")
    }
  }
}
