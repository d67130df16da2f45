import Model
import NPMClient
import Planning
import Platform
import Store

/// Requests to Let's Encrypt whose end was not observed: the process was killed, NPM did not answer, or a host that
/// shares a name was not restored. Until then those hosts may lack TLS and access control, whatever NPM's rows show.
struct InterruptedRequests {
  let open: [CertificateRequest]
  let observed: ObservedState
  let now: Timestamp

  /// Hosts to be written again.
  var hosts: [ObservedResource] { CertificateRequestRule.hosts(sharing: Set(open.flatMap(\.names)), observed) }

  var warnings: [Diagnostic] {
    guard !hosts.isEmpty else { return [] }
    let names = hosts.map(\.label).joined(separator: ", ")
    return [
      Diagnostic(
        .requestInterrupted,
        "a request to Let's Encrypt was not seen through: \(names) may be without TLS and access control",
        hint: "apply writes them again, unchanged", severity: .warning)
    ]
  }

  /// Whether NPM is done with a request: until then it may again leave hosts without TLS and access control. A
  /// certificate gets its real expiry only when certbot is done.
  func isOver(_ request: CertificateRequest) -> Bool {
    // A request whose end was not observed has ended by then.
    if now.seconds - request.at.seconds > ResourceSchema.requestSeconds || now < request.at { return true }
    let tomorrow = (now + 86400).sqlText
    return (observed.resources[.certificate] ?? []).contains { object in
      ResourceSchema.isRequested(object.spec) && Set(object.normalised.requestedNames) == request.names
        && object.certificate.map { $0.expires > tomorrow } == true
    }
  }

  /// Writes the affected hosts again.
  ///
  /// - Returns: nil: no host is left without TLS and access control.
  /// - Throws: `StoreError`.
  func repair(_ sideEffects: SideEffectRepair, _ stores: StoreSet) async throws -> NPMError? {
    if let problem = await sideEffects.repair(sharing: Set(open.flatMap(\.names)), after: nil) { return problem }
    for request in open where isOver(request) { try await stores.requests.closeRequest(request.number) }
    return nil
  }
}
