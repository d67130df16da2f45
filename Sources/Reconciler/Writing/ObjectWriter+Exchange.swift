import Model
import NPMClient
import Planning

/// Two objects that swap domains or ports: NPM rejects a domain that another host has, and nginx a port.
extension ObjectWriter {
  /// Removes from an object what another is about to take: it keeps its other domains, or gets a placeholder; a stream
  /// is switched off.
  ///
  /// - Returns: the resulting object.
  func stepAside(_ change: Change, for claims: Set<String>) async -> Result<ObservedResource, NPMError> {
    guard let planned = change.observed else {
      return .failure(NPMError(.internalError, "the plan lacks what '\(change.key.name)' has"))
    }
    let before: ObservedResource
    switch await fresh(planned) {
    case .success(let host): before = host
    case .failure(let error): return .failure(error)
    }
    var spec = before.normalised
    let error: NPMError?
    if spec.kind == .stream {
      spec["enabled"] = false
      error = before.isEnabled ? await rows.switchOff(before) : nil
    } else {
      let kept = spec.claims.filter { !claims.contains($0) }
      spec["domain_names"] = .array((kept.isEmpty ? [Self.placeholder(before)] : kept).map { .string($0) })
      error = await rows.write(before, spec, meta: before.meta, secrets: change.secrets)
    }
    if let error, !error.isOutcomeUnknown { return .failure(error) }
    switch await verifier.confirm(before.id, spec, Verifier.Progress(error)) {
    case .served(let host), .refused(let host, _): return .success(host)
    case .unreadable(let error): return .failure(error)
    case .unconfirmed, .different, .missing:
      return .failure(error ?? NPMError(.npmUnclear, "NPM has other values than those that were written"))
    }
  }

  /// A name that can never be requested (RFC 6761), unique for each object.
  private static func placeholder(_ object: ObservedResource) -> String {
    "\(object.kind.rawValue.replacing("_", with: "-"))-\(object.id).exchange.invalid"
  }
}
