import Model
import NPMClient
import Planning
import Store

/// The result of a write.
struct WriteResult: Sendable {
  var outcome: ChangeOutcome
  /// The object as read back.
  var object: ObservedResource?
  /// Nothing reached NPM.
  var isCertainlyUnwritten = false
  /// The previous configuration is restored and served.
  var isRestored = false
  /// NPM is done with a request to Let's Encrypt, and the hosts that share its names are restored.
  var isRequestOver = false

  init(_ outcome: ChangeOutcome, _ object: ObservedResource?) {
    self.outcome = outcome
    self.object = object
  }
}

// MARK: How writes end

extension WriteResult {
  static func concluding(
    _ change: Change, _ verdict: Verifier.Verdict, word: String, _ start: ContinuousClock.Instant
  ) -> WriteResult {
    switch verdict {
    case .served(let host):
      let spent = Int(((ContinuousClock.now - start) / .milliseconds(1)).rounded())
      let proof = host.spec.schema.hasNginxState ? "online" : "confirmed"
      let state = host.isEnabled ? "\(proof) after \(spent) ms" : "disabled"
      let name = word == "created" ? "created as \(host.id)" : word
      return WriteResult(ChangeOutcome(change, .applied, id: host.id, note: "\(name), \(state)"), host)
    case .refused(let host, let message):
      var result = refused(change, message)
      result.object = host
      result.outcome.id = host.id
      result.outcome.error?.hint =
        verdict.blamesAnother
        ? "nginx names another host's file: another client writes to this NPM at the same time; apply again"
        : "host \(host.id) is in NPM but not served; correct the YAML and apply again"
      return result
    case .unconfirmed(let host):
      var result = failed(change, NPMError(.nginxUnconfirmed, "NPM did not report whether nginx accepted it"))
      result.object = host
      return result
    case .different(let host):
      var result = failed(change, NPMError(.npmUnclear, "NPM has other values than those that were written"))
      result.object = host
      return result
    case .missing: return failed(change, NPMError(.npmUnclear, "NPM said \(word), but the host is not there"))
    case .unreadable(let error): return failed(change, error)
    }
  }

  static func missing(_ change: Change, _ error: NPMError) -> WriteResult {
    if error.code == .npmDomainInUse { return unwritten(change, error) }
    return failed(change, error)
  }

  static func failed(_ change: Change, _ error: NPMError) -> WriteResult {
    WriteResult(ChangeOutcome(change, .failed, error: located(error, change)), nil)
  }

  /// Includes the line of YAML that nginx's error is about.
  static func refused(_ change: Change, _ message: String) -> WriteResult {
    let short = NginxError.short(message)
    var result = failed(change, NPMError(.nginxRefused, "nginx refused it: \(short)"))
    result.outcome.error?.location = NginxErrorLocator.place(short, in: change)
    return result
  }

  /// For a request to Let's Encrypt: NPM is done with it.
  static func over(_ result: WriteResult) -> WriteResult {
    var result = result
    result.isRequestOver = true
    return result
  }

  static func unwritten(_ change: Change, _ error: NPMError) -> WriteResult {
    var result = failed(change, error)
    result.isCertainlyUnwritten = true
    return result
  }

  static func located(_ error: NPMError, _ change: Change) -> Diagnostic {
    var diagnostic = error.diagnostic
    diagnostic.location = change.source
    return diagnostic
  }

  static func impossible(_ change: Change) -> WriteResult {
    unwritten(change, NPMError(.internalError, "the plan lacks what '\(change.key.name)' needs"))
  }
}
