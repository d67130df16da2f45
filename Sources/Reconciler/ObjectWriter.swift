import Model
import NPMClient
import Planning
import Store

/// Writes one object and proves it: the answer of a write is a hint, what NPM shows afterwards is the fact.
struct ObjectWriter: Sendable {
  let gateway: any NPMGateway
  let verifier: Verifier
  let rows: RowWriter
  let neighbours: SideEffectRepair

  /// How often a PUT is repeated when its answer was unclear.
  private static let repeats = 2
  /// How often where nginx blamed another host's file: another client is at work, and leaves it in pieces for a moment.
  private static let blameRepeats = 8

  func create(_ change: Change, marker: OwnershipMarker) async -> WriteResult {
    guard let spec = change.desired else { return impossible(change) }
    let meta: JSONValue = [OwnershipMarker.metaKey: marker.json]
    let start = ContinuousClock.now
    var id: ResourceID?
    await rows.reload.arm()
    let error = await rows.attempt { id = try await gateway.create(spec, meta: meta, secrets: change.secrets) }
    let names = ResourceSchema.isRequested(spec) ? Set(spec.requestedNames) : []
    if let problem = await neighbours.repair(sharing: names, after: error) { return failed(change, problem) }
    // "Already in use" may be the echo of our own create that was cut off: look before believing it.
    if let error, !error.isOutcomeUnknown, error.code != .npmDomainInUse {
      return over(unwritten(change, error))
    }
    var verdict =
      if let id { await verifier.settle(id, spec, .answered) } else {
        await verifier.settleCreate(spec, marker, Verifier.Progress(error))
      }
    if error != nil || blamesAnother(verdict) || isStillOn(verdict, spec), let host = verdict.host {
      let meta = marked(host, marker)
      verdict = await rewrite(host, spec, after: error) { await write($0, change, spec, meta) }
    }
    // NPM's own 500 is certbot's answer; a lost one says nothing about what goes on there.
    let isOver = error == nil || error?.isOver == true
    if case .refused(let host, let words) = verdict, !blamesAnother(verdict) {
      let result = await leaveOff(host, change, words)
      return isOver ? over(result) : result
    }
    if case .missing = verdict, let error { return isOver ? over(missing(change, error)) : missing(change, error) }
    let result = conclude(change, verdict, word: "created", start)
    return isOver ? over(result) : result
  }

  /// An update, a rename, or an adoption.
  func update(_ change: Change, marker: OwnershipMarker) async -> WriteResult {
    guard let spec = change.desired, let planned = change.observed else { return impossible(change) }
    let start = ContinuousClock.now
    let before: ObservedResource
    switch await fresh(planned) {
    case .success(let host): before = host
    case .failure(let error): return unwritten(change, error)
    }
    let wasSwitchedOff = before.isEnabled && spec["enabled"] == false
    let meta = marked(before, marker)
    let isUnfinished = change.cause == .unfinished
    let put: (ObservedResource) async -> NPMError? = { host in
      if change.isMarkerOnly { return await rows.touch(host, meta: meta) }
      return await write(host, change, spec, meta, provesDisabled: isUnfinished && host.id == before.id)
    }
    let error = await put(before)
    if let error, !error.isOutcomeUnknown { return unwritten(change, error) }
    var verdict = await verifier.settle(before.id, spec, Verifier.Progress(error))
    if error != nil || blamesAnother(verdict), let host = verdict.host {
      verdict = await rewrite(host, spec, after: error, put)
    }
    if wasSwitchedOff, error?.code == .npmServerError, let host = verdict.host {
      var result = failed(change, Self.stillServed("disabled in NPM"))
      result.object = host
      return result
    }
    if case .served(let host) = verdict, spec.schema.ownershipProof == .marker, host.marker?.name != change.key.name {
      verdict = .different(host)
    }
    if case .refused(_, let words) = verdict { return await restore(change, before, words) }
    if case .served = verdict, spec.schema.fields.contains(where: \.isUpload),
      let problem = await neighbours.reload(change.users)
    {
      return failed(change, problem)
    }
    let word =
      change.renamedFrom.map { "renamed from '\($0.name)'" } ?? (change.action == .adopt ? "adopted" : "updated")
    return conclude(change, verdict, word: word, start)
  }

  /// Takes our marker off a host, and switches it off where that is asked for.
  func release(_ change: Change, isDisabling: Bool) async -> WriteResult {
    guard let planned = change.observed else { return impossible(change) }
    let before: ObservedResource
    switch await fresh(planned) {
    case .success(let host): before = host
    case .failure(let error) where error.code == .npmNotFound:
      return WriteResult(ChangeOutcome(change, .applied, note: "was gone already"), nil)
    case .failure(let error): return unwritten(change, error)
    }
    var spec = before.normalised
    if isDisabling { spec["enabled"] = false }
    let meta = JSONValue.object((before.meta.objectValue ?? [:]).filter { $0.key != OwnershipMarker.metaKey })
    let keepsMarker = spec.schema.ownershipProof == .markerFromCreation
    let put: (ObservedResource) async -> NPMError? = { host in
      var host = host
      if isDisabling, host.isEnabled {
        if let error = await rows.switchOff(host) { return error }
        var spec = host.spec
        spec["enabled"] = false
        host = host.with(spec: spec)
      }
      return keepsMarker ? nil : await rows.touch(host, meta: meta)
    }
    let error = await put(before)
    if let error, !error.isOutcomeUnknown { return unwritten(change, error) }
    var verdict = await verifier.settle(before.id, spec, Verifier.Progress(error))
    if error != nil, let host = verdict.host { verdict = await rewrite(host, spec, after: error, put) }
    if isDisabling, before.isEnabled, error?.code == .npmServerError {
      return failed(change, Self.stillServed("disabled in NPM"))
    }
    guard let host = verdict.host, host.marker == nil || keepsMarker else {
      return failed(change, error ?? NPMError(.npmUnclear, "NPM does not show that the marker is gone"))
    }
    let words = isDisabling ? "disabled and left to NPM" : "left to NPM as it is"
    return WriteResult(ChangeOutcome(change, .applied, note: words), host)
  }

  func delete(_ change: Change) async -> WriteResult {
    guard let planned = change.observed else { return impossible(change) }
    switch await fresh(planned) {
    case .success: break
    case .failure(let error) where error.code == .npmNotFound:
      return WriteResult(ChangeOutcome(change, .applied, note: "was gone already"), nil)
    case .failure(let error): return unwritten(change, error)
    }
    if planned.nameInNPM != nil, let error = await neighbours.user(of: planned) { return unwritten(change, error) }
    await rows.reload.arm()
    let error = await rows.attempt { try await gateway.delete(planned.kind, planned.id) }
    if let error, !error.isOutcomeUnknown, error.code != .npmNotFound { return unwritten(change, error) }
    switch await verifier.isGone(planned.kind, planned.id, Verifier.Progress(error)) {
    case true? where error?.code == .npmServerError: return failed(change, Self.stillServed("gone from NPM"))
    case true?: return WriteResult(ChangeOutcome(change, .applied, note: "deleted"), nil)
    case false?: return failed(change, error ?? NPMError(.npmUnclear, "NPM said deleted, but the host is still there"))
    case nil: return failed(change, error ?? NPMError(.npmUnclear, "NPM does not tell whether the host is gone"))
    }
  }

  // MARK: Steps

  /// The host right before the write: still ours, still as the plan saw it.
  func fresh(_ planned: ObservedResource) async -> Result<ObservedResource, NPMError> {
    do {
      guard let host = try await gateway.object(planned.kind, planned.id) else {
        return .failure(NPMError(.npmNotFound, "\(planned.ref.description) is gone from NPM", hint: "run diff again"))
      }
      let isSame = host.marker == planned.marker && host.normalised == planned.normalised
      guard isSame else {
        let message = "\(planned.ref.description) was changed in NPM since the plan was made"
        return .failure(NPMError(.objectChanged, message, hint: "run diff again"))
      }
      return .success(host)
    } catch let error as NPMError {
      return .failure(error)
    } catch {
      return .failure(NPMError(.internalError, "\(error)"))
    }
  }

  private func write(
    _ before: ObservedResource, _ change: Change, _ spec: Spec, _ meta: JSONValue, provesDisabled: Bool = false
  ) async -> NPMError? {
    await rows.write(before, spec, meta: meta, secrets: change.secrets, provesDisabled: provesDisabled)
  }

  /// What others keep in `meta`, and our marker.
  private func marked(_ host: ObservedResource, _ marker: OwnershipMarker) -> JSONValue {
    var meta = host.meta.objectValue ?? [:]
    meta[OwnershipMarker.metaKey] = marker.json
    return .object(meta)
  }

  /// Writes again what is there already, until NPM answers cleanly: only then is nginx's state of this write.
  ///
  /// - Parameter first: what the write before said.
  private func rewrite(
    _ host: ObservedResource, _ spec: Spec, after first: NPMError?, _ put: (ObservedResource) async -> NPMError?
  ) async -> Verifier.Verdict {
    var verdict = Verifier.Verdict.unconfirmed(host)
    var current = host
    var unclear = 0, isOver = first?.isOver == true
    for round in 1...Self.blameRepeats where unclear < Self.repeats {
      let error = await put(current)
      let seen = await verifier.settle(host.id, spec, Verifier.Progress(error))
      if let host = seen.host { current = host }
      guard let error else {
        verdict = seen
        if !blamesAnother(seen) { return verdict }
        await verifier.pause(0.05 * Double(round))
        continue
      }
      // Twice is no accident: NPM tests everything before it touches anything, and something else is wrong.
      if error.isOver && isOver { return .unreadable(await NginxErrorSource.error(gateway)) }
      // An answer that failed proves nothing about nginx, whatever the host's meta says.
      verdict = .unreadable(error)
      isOver = error.isOver
      unclear += 1
    }
    return verdict
  }

  /// NPM tests the whole configuration: a complaint about another host's file is not this host's fault.
  private func blamesAnother(_ verdict: Verifier.Verdict) -> Bool {
    guard case .refused(let host, let words) = verdict, words.contains("/data/nginx/") else { return false }
    return !words.contains("/\(host.kind.rawValue)/\(host.id).conf")
  }

  /// It was just made, is to be off, and NPM only switches off what is there.
  private func isStillOn(_ verdict: Verifier.Verdict, _ spec: Spec) -> Bool {
    guard case .different(let host) = verdict else { return false }
    return host.isEnabled && spec["enabled"] == false
  }

  /// A host of ours that nginx refuses is better off than on: the next write to its access list, or to a certificate with
  /// one of its names, would write its file again and keep nginx from taking anything.
  private func leaveOff(_ host: ObservedResource, _ change: Change, _ words: String) async -> WriteResult {
    var result = refused(change, words)
    result.object = host
    result.outcome.id = host.id
    result.outcome.error?.hint =
      await rows.switchOff(host) == nil
      ? "host \(host.id) is in NPM, switched off; correct the YAML and apply again"
      : "host \(host.id) is in NPM but not served; correct the YAML and apply again"
    return result
  }

  /// Puts the previous configuration back after nginx refused the new one.
  private func restore(_ change: Change, _ before: ObservedResource, _ words: String) async -> WriteResult {
    var result = refused(change, words)
    // A host that was not served before has nothing good of its own: an earlier restore may have failed, and one that
    // nginx refused is left switched off.
    let wasServed = before.isEnabled ? before.nginx == .online : change.entry?.isUnfinished != true
    let wasGood = wasServed || change.action == .adopt
    guard let spec = wasGood ? before.normalised : change.entry?.applied, spec != change.desired else {
      return before.spec.schema.hasNginxState && change.action != .adopt
        ? await leaveOff(before, change, words) : result
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
      if case .refused(let host, _) = verdict, !blamesAnother(verdict) { _ = await rows.switchOff(host) }
      result.outcome.error?.hint = "the previous configuration could not be put back: look at host \(before.id) in NPM"
    }
    return result
  }

  // MARK: Results

  /// NPM removes a host's configuration first and reloads nginx after: a 500 means that it was not reloaded.
  private static func stillServed(_ state: String) -> NPMError {
    NPMError(
      .nginxUnconfirmed, "the host is \(state), but NPM answered 500: nginx may go on serving it",
      hint: "once nginx is healthy again any write reloads it; the next run looks at it again")
  }

  private func conclude(
    _ change: Change, _ verdict: Verifier.Verdict, word: String, _ start: ContinuousClock.Instant
  ) -> WriteResult {
    switch verdict {
    case .served(let host):
      let spent = Int(((ContinuousClock.now - start) / .milliseconds(1)).rounded())
      let proof = host.spec.schema.hasNginxState ? "online" : "confirmed"
      let state = host.isEnabled ? "\(proof) after \(spent) ms" : "disabled"
      let name = word == "created" ? "created as \(host.id)" : word
      return WriteResult(ChangeOutcome(change, .applied, id: host.id, note: "\(name), \(state)"), host)
    case .refused(let host, let words):
      var result = refused(change, words)
      result.object = host
      result.outcome.id = host.id
      result.outcome.error?.hint =
        blamesAnother(verdict)
        ? "nginx names another host's file: somebody else writes to this NPM at the same time; apply again"
        : "host \(host.id) is in NPM but not served; correct the YAML and apply again"
      return result
    case .unconfirmed(let host):
      var result = failed(change, NPMError(.nginxUnconfirmed, "NPM never said whether nginx took it"))
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

  private func missing(_ change: Change, _ error: NPMError) -> WriteResult {
    if error.code == .npmDomainInUse { return unwritten(change, error) }
    return failed(change, error)
  }

  private func failed(_ change: Change, _ error: NPMError) -> WriteResult {
    WriteResult(ChangeOutcome(change, .failed, error: located(error, change)), nil)
  }

  /// With the line of YAML that nginx complains about.
  private func refused(_ change: Change, _ words: String) -> WriteResult {
    let short = NginxError.short(words)
    var result = failed(change, NPMError(.nginxRefused, "nginx refused it: \(short)"))
    result.outcome.error?.location = NginxErrorLocator.place(short, in: change)
    return result
  }

  /// Of a request to Let's Encrypt: NPM is done with it.
  private func over(_ result: WriteResult) -> WriteResult {
    var result = result
    result.isRequestOver = true
    return result
  }

  private func unwritten(_ change: Change, _ error: NPMError) -> WriteResult {
    var result = failed(change, error)
    result.isCertainlyUnwritten = true
    return result
  }

  private func located(_ error: NPMError, _ change: Change) -> Diagnostic {
    var diagnostic = error.diagnostic
    diagnostic.location = change.source
    return diagnostic
  }

  private func impossible(_ change: Change) -> WriteResult {
    unwritten(change, NPMError(.internalError, "the plan lacks what '\(change.key.name)' needs"))
  }
}

extension Verifier.Verdict {
  var host: ObservedResource? {
    switch self {
    case .served(let host), .refused(let host, _), .unconfirmed(let host), .different(let host): host
    case .missing, .unreadable: nil
    }
  }
}

/// nginx's complaint without its frame.
package enum NginxError {
  package static func short(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? text
    let bare = line.hasPrefix("nginx: [emerg] ") ? String(line.dropFirst("nginx: [emerg] ".count)) : line
    return bare.firstRange(of: " in /").map { String(bare[..<$0.lowerBound]) } ?? bare
  }
}
