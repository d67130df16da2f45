import Model
import NPMClient
import Planning

/// Recovery after nginx rejected a configuration.
extension ObjectWriter {
  /// A managed host that nginx rejects is left disabled: the next write to its access list, or to a certificate with
  /// one of its names, would write its file again and make nginx reject every configuration.
  func leaveOff(_ host: ObservedResource, _ change: Change, _ message: String) async -> WriteResult {
    var result = WriteResult.refused(change, message)
    result.object = host
    result.outcome.id = host.id
    result.outcome.error?.hint =
      await rows.switchOff(host) == nil
      ? "host \(host.id) is in NPM, switched off; correct the YAML and apply again"
      : "host \(host.id) is in NPM but not served; correct the YAML and apply again"
    return result
  }

  /// Restores the previous configuration after nginx rejected the new one.
  func restore(_ change: Change, _ before: ObservedResource, _ message: String) async -> WriteResult {
    var result = WriteResult.refused(change, message)
    // A host that was not served before has no known good configuration: an earlier restore may have failed, and a host
    // that nginx rejected is left disabled.
    let wasServed = before.isEnabled ? before.nginx == .online : change.entry?.isUnfinished != true
    let wasGood = wasServed || change.action == .adopt
    guard let spec = wasGood ? before.normalised : change.entry?.applied, spec != change.desired else {
      return before.spec.schema.hasNginxState && change.action != .adopt
        ? await leaveOff(before, change, message) : result
    }
    var verdict = Verifier.Verdict.missing
    if let host = try? await gateway.object(before.kind, before.id) {
      verdict = await rewrite(host, spec, after: nil) { await write($0, change, spec, before.meta) }
    }
    if case .served(let host) = verdict {
      result.object = host
      result.isRestored = true
      result.outcome.error?.hint = "the previous configuration is back and serving"
    } else if case .refused(let host, _) = verdict, change.action == .adopt, host.marker == nil {
      result.object = host
      result.isRestored = true
      result.outcome.error?.hint = "the host is as it was before: nginx refuses that, too"
    } else {
      if case .refused(let host, _) = verdict, !verdict.blamesAnother { _ = await rows.switchOff(host) }
      result.outcome.error?.hint = "the previous configuration could not be put back: look at host \(before.id) in NPM"
    }
    return result
  }
}
