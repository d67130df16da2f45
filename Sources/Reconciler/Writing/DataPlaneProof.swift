import FoundationEssentials
import Hashing
import Model
import NPMClient
import Planning
package import Probe

/// What visitors get after a write, where NPM's data plane is known: the final check that it is served.
package struct DataPlaneProof: Sendable {
  enum Proof: Equatable {
    case served
    /// The observed response differs; this describes it.
    case contradicted(String)
    /// The response does not show it.
    case unknown
  }

  /// Probes a name, with TLS or without; nil: no answer.
  private let look: @Sendable (_ domain: String, _ usesTLS: Bool) async -> DataPlaneProbe?
  private let pause: @Sendable (Double) async -> Void

  /// Seconds between probes. New workers of nginx were seen to serve 32 to 82 ms after NPM's answer.
  private static let pauses = [0.05, 0.1, 0.2, 0.4, 0.8]

  package init(
    look: @escaping @Sendable (_ domain: String, _ usesTLS: Bool) async -> DataPlaneProbe?,
    pause: @escaping @Sendable (Double) async -> Void = { try? await Task.sleep(for: .seconds($0)) }
  ) {
    self.look = look
    self.pause = pause
  }

  /// Marks managed hosts that let clients in without a password although their access list requires one from everyone.
  func markOpenHosts(_ observed: inout ObservedState, of ledger: [LedgerEntry], guards: [String: Spec]) async {
    let ours = Set(ledger.compactMap(\.ref))
    let guarded = (observed.resources[.proxyHost] ?? []).filter { host in
      ours.contains(host.ref) && host.isEnabled
        && host.spec["access_list"].stringValue.flatMap { guards[$0]?.requiresPassword } == true
    }
    let open = await withTaskGroup(of: ObjectRef?.self) { group in
      for host in guarded {
        group.addTask {
          guard let domain = Self.domain(of: host.spec),
            let seen = await look(domain, !host.spec["certificate"].isNull),
            // nginx checks the password before it resolves a destination, so an unreachable destination proves it, too.
            seen.carriesName || [502, 504].contains(seen.status)
          else { return nil }
          return host.ref
        }
      }
      return await group.reduce(into: Set<ObjectRef>()) { found, ref in if let ref { found.insert(ref) } }
    }
    guard !open.isEmpty else { return }
    observed.resources[.proxyHost] = observed.resources[.proxyHost]?.map { host in
      open.contains(host.ref) ? host.with(guardState: .open) : host
    }
  }

  /// Whether the page shown afterwards cannot have been there before.
  static func isNews(_ change: Change) -> Bool {
    change.action == .create || change.action.isRemoval || change.observed?.isEnabled == false
  }

  /// - Parameters:
  ///   - guards: whether the access list of a spec requires a password from everyone; nil: not known.
  ///   - certificates: digests of uploaded certificates, by name.
  ///   - others: names that other hosts serve.
  func proof(
    _ change: Change, guards: (Spec) -> Bool?, certificates: [String: String], others: Set<String>
  ) async -> Proof {
    var last = Proof.unknown
    for seconds in [0] + Self.pauses {
      if seconds > 0 { await pause(seconds) }
      last = await judge(change, guards, certificates, others)
      guard case .contradicted = last else { return last }
    }
    return last
  }

  private func judge(
    _ change: Change, _ guards: (Spec) -> Bool?, _ certificates: [String: String], _ others: Set<String>
  ) async -> Proof {
    if change.key.kind == .certificate { return await renewed(change) }
    if let spec = change.desired, spec["enabled"] != false, !change.action.isRemoval {
      return await served(spec, guards, certificates)
    }
    // A disabled or deleted host must not answer any more, unless another host serves its name.
    guard let old = change.observed?.spec, change.observed?.isEnabled == true, let domain = Self.domain(of: old),
      !Self.isCovered(domain, by: others)
    else { return .unknown }
    guard let seen = await look(domain, !old["certificate"].isNull) else { return .unknown }
    let asks = !old["access_list"].isNull && [401, 403].contains(seen.status)
    let redirects = old["forward_http_code"].intValue == seen.status
    if seen.carriesName || asks || redirects { return .contradicted("\(domain) is still served") }
    guard let other = await unknownName() else { return .unknown }
    return seen.isSame(as: other) ? .served : .unknown
  }

  /// New certificate files are served once a host presents them.
  private func renewed(_ change: Change) async -> Proof {
    guard let wanted = change.desired?["certificate"].stringValue, let name = change.desired?.nameInNPM,
      let user = change.users.first(where: { $0.isEnabled && $0.nginx == .online && Self.domain(of: $0.spec) != nil }),
      let domain = Self.domain(of: user.spec), let seen = await look(domain, true)
    else { return .unknown }
    return isAnother(seen, than: wanted) ? .contradicted("\(domain) does not show the new files of '\(name)'") : .served
  }

  /// Whether the server presented files other than those of this digest, which covers all of the first file; further
  /// intermediate certificates are presented after it.
  private func isAnother(_ seen: DataPlaneProbe, than digest: String) -> Bool {
    var bytes: [UInt8] = []
    for certificate in seen.certificates {
      let lines = certificate.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("-----") }
      guard let der = Data(base64Encoded: lines.joined()) else { return false }
      bytes += der
      if SHA256Digest.labelled(bytes) == digest { return false }
    }
    return !bytes.isEmpty
  }

  private func served(
    _ spec: Spec, _ guards: (Spec) -> Bool?, _ certificates: [String: String]
  ) async -> Proof {
    guard let domain = Self.domain(of: spec) else { return .unknown }
    // No answer proves nothing: the port may only be reachable for visitors.
    guard let seen = await look(domain, !spec["certificate"].isNull) else { return .unknown }
    if let name = spec["certificate"].stringValue, let digest = certificates[name], isAnother(seen, than: digest) {
      return .contradicted("\(domain) shows another certificate than '\(name)'")
    }
    let asks = spec["access_list"].isNull ? false : guards(spec)
    if asks == true {
      if seen.status == 401 || seen.status == 403 { return .served }
      if seen.carriesName || seen.status < 400 {
        return .contradicted("\(domain) answers \(seen.status) to who has no password")
      }
    }
    if seen.carriesName { return .served }
    if let code = spec["forward_http_code"].intValue, seen.status == code { return .served }
    // A status from 500 on is an error of the server, not a page of a host.
    guard seen.status < 500, let other = await unknownName(), seen.isSame(as: other),
      seen.status != 404 || spec.kind != .deadHost
    else { return .unknown }
    return .contradicted("\(domain) shows the page of names that nginx does not have")
  }

  /// nginx's response for a name that no host has.
  private func unknownName() async -> DataPlaneProbe? {
    await look("\(UUID().uuidString.lowercased()).invalid", false)
  }

  /// A name that can be requested.
  private static func domain(of spec: Spec) -> String? {
    guard spec.kind != .stream else { return nil }
    return spec.claims.first { !$0.contains("*") && $0.allSatisfy(\.isASCII) }
  }

  private static func isCovered(_ domain: String, by names: Set<String>) -> Bool {
    var rest = domain[...]
    if names.contains(domain) { return true }
    while let dot = rest.firstIndex(of: ".") {
      rest = rest[rest.index(after: dot)...]
      if names.contains("*.\(rest)") { return true }
    }
    return false
  }
}
