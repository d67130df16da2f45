import Model
import NPMClient
import Planning
import Platform
import Store

/// Requests to Let's Encrypt that nobody saw through: the process was killed, NPM did not answer, or a host that shares a
/// name could not be written again. Until then those hosts may be without TLS and access control, whatever NPM's rows say.
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

  /// Whether NPM is done with a request: until then it may lay hosts bare once more. A certificate has its real end only
  /// when certbot is done.
  func isOver(_ request: CertificateRequest) -> Bool {
    // One that nobody heard the end of has ended by then.
    if now.seconds - request.at.seconds > ResourceSchema.requestSeconds || now < request.at { return true }
    let tomorrow = Timestamp(seconds: now.seconds + 86400).sqlText
    return (observed.resources[.certificate] ?? []).contains { object in
      ResourceSchema.isRequested(object.spec) && Set(object.normalised.requestedNames) == request.names
        && object.certificate.map { $0.expires > tomorrow } == true
    }
  }

  /// Writes them again. Throws `StoreError`.
  ///
  /// - Returns: nil: nobody is bare any more.
  func repair(_ neighbours: SideEffectRepair, _ stores: StoreSet) async throws -> NPMError? {
    if let problem = await neighbours.repair(sharing: Set(open.flatMap(\.names)), after: nil) { return problem }
    for request in open where isOver(request) { try await stores.requests.closeRequest(request.number) }
    return nil
  }
}
