import Model
import NPMClient
import Planning
import Store

/// Writes one object and proves it: the answer to a write is only a hint; what NPM shows afterwards decides.
struct ObjectWriter: Sendable {
  let gateway: any NPMGateway
  let verifier: Verifier
  let rows: RowWriter
  let sideEffects: SideEffectRepair

  func create(_ change: Change, marker: OwnershipMarker) async -> WriteResult {
    guard let spec = change.desired else { return WriteResult.impossible(change) }
    let meta: JSONValue = [OwnershipMarker.metaKey: marker.json]
    let start = ContinuousClock.now
    var id: ResourceID?
    await rows.reload.arm()
    let error = await rows.attempt { () async throws(NPMError) in
      id = try await gateway.create(spec, meta: meta, secrets: change.secrets)
    }
    let names = ResourceSchema.isRequested(spec) ? Set(spec.requestedNames) : []
    if let problem = await sideEffects.repair(sharing: names, after: error) {
      return WriteResult.failed(change, problem)
    }
    // "Already in use" may be caused by our own interrupted create: check before accepting it.
    if let error, !error.isOutcomeUnknown, error.code != .npmDomainInUse {
      return WriteResult.over(WriteResult.unwritten(change, error))
    }
    var verdict =
      if let id { await verifier.confirm(id, spec, .answered) } else {
        await verifier.confirmCreate(spec, marker, Verifier.Progress(error))
      }
    if error != nil || verdict.blamesAnother || verdict.isStillOn(spec), let host = verdict.host {
      let meta = marked(host, marker)
      verdict = await rewrite(host, spec, after: error) { await write($0, change, spec, meta) }
    }
    // A 500 from NPM is certbot's result; a lost answer shows nothing about certbot's progress.
    let isOver = error == nil || error?.isOver == true
    if case .refused(let host, let message) = verdict, !verdict.blamesAnother {
      let result = await leaveOff(host, change, message)
      return isOver ? WriteResult.over(result) : result
    }
    if case .missing = verdict, let error {
      return isOver ? WriteResult.over(WriteResult.missing(change, error)) : WriteResult.missing(change, error)
    }
    let result = WriteResult.concluding(change, verdict, word: "created", start)
    return isOver ? WriteResult.over(result) : result
  }

  /// An update, a rename, or an adoption.
  func update(_ change: Change, marker: OwnershipMarker) async -> WriteResult {
    guard let spec = change.desired, let planned = change.observed else { return WriteResult.impossible(change) }
    let start = ContinuousClock.now
    let before: ObservedResource
    switch await fresh(planned) {
    case .success(let host): before = host
    case .failure(let error): return WriteResult.unwritten(change, error)
    }
    let wasSwitchedOff = before.isEnabled && spec["enabled"] == false
    let meta = marked(before, marker)
    let isUnfinished = change.cause == .unfinished
    let put: (ObservedResource) async -> NPMError? = { host in
      if change.isMarkerOnly { return await rows.touch(host, meta: meta) }
      return await write(host, change, spec, meta, provesDisabled: isUnfinished && host.id == before.id)
    }
    let error = await put(before)
    if let error, !error.isOutcomeUnknown { return WriteResult.unwritten(change, error) }
    var verdict = await verifier.confirm(before.id, spec, Verifier.Progress(error))
    if error != nil || verdict.blamesAnother, let host = verdict.host {
      verdict = await rewrite(host, spec, after: error, put)
    }
    if wasSwitchedOff, error?.code == .npmServerError, let host = verdict.host {
      var result = WriteResult.failed(change, Self.stillServed("disabled in NPM"))
      result.object = host
      return result
    }
    if case .served(let host) = verdict, spec.schema.ownershipProof == .marker, host.marker?.name != change.key.name {
      verdict = .different(host)
    }
    if case .refused(_, let message) = verdict { return await restore(change, before, message) }
    if case .served = verdict, spec.schema.fields.contains(where: \.isUpload),
      let problem = await sideEffects.reload(change.users)
    {
      return WriteResult.failed(change, problem)
    }
    let word =
      change.renamedFrom.map { "renamed from '\($0.name)'" } ?? (change.action == .adopt ? "adopted" : "updated")
    return WriteResult.concluding(change, verdict, word: word, start)
  }

  /// Removes our marker from a host, and disables it if requested.
  func release(_ change: Change, isDisabling: Bool) async -> WriteResult {
    guard let planned = change.observed else { return WriteResult.impossible(change) }
    let before: ObservedResource
    switch await fresh(planned) {
    case .success(let host): before = host
    case .failure(let error) where error.code == .npmNotFound:
      return WriteResult(ChangeOutcome(change, .applied, note: "was gone already"), nil)
    case .failure(let error): return WriteResult.unwritten(change, error)
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
    if let error, !error.isOutcomeUnknown { return WriteResult.unwritten(change, error) }
    var verdict = await verifier.confirm(before.id, spec, Verifier.Progress(error))
    if error != nil, let host = verdict.host { verdict = await rewrite(host, spec, after: error, put) }
    if isDisabling, before.isEnabled, error?.code == .npmServerError {
      return WriteResult.failed(change, Self.stillServed("disabled in NPM"))
    }
    guard let host = verdict.host, host.marker == nil || keepsMarker else {
      return WriteResult.failed(change, error ?? NPMError(.npmUnclear, "NPM does not show that the marker is gone"))
    }
    let note = isDisabling ? "disabled and left to NPM" : "left to NPM as it is"
    return WriteResult(ChangeOutcome(change, .applied, note: note), host)
  }

  func delete(_ change: Change) async -> WriteResult {
    guard let planned = change.observed else { return WriteResult.impossible(change) }
    switch await fresh(planned) {
    case .success: break
    case .failure(let error) where error.code == .npmNotFound:
      return WriteResult(ChangeOutcome(change, .applied, note: "was gone already"), nil)
    case .failure(let error): return WriteResult.unwritten(change, error)
    }
    if planned.nameInNPM != nil, let error = await sideEffects.user(of: planned) {
      return WriteResult.unwritten(change, error)
    }
    await rows.reload.arm()
    let error = await rows.attempt { () async throws(NPMError) in try await gateway.delete(planned.kind, planned.id) }
    if let error, !error.isOutcomeUnknown, error.code != .npmNotFound { return WriteResult.unwritten(change, error) }
    switch await verifier.isGone(planned.kind, planned.id, Verifier.Progress(error)) {
    case true? where error?.code == .npmServerError:
      return WriteResult.failed(change, Self.stillServed("gone from NPM"))
    case true?: return WriteResult(ChangeOutcome(change, .applied, note: "deleted"), nil)
    case false?:
      return WriteResult.failed(change, error ?? NPMError(.npmUnclear, "NPM said deleted, but the host is still there"))
    case nil:
      return WriteResult.failed(change, error ?? NPMError(.npmUnclear, "NPM does not report whether the host is gone"))
    }
  }

  // MARK: Steps

  /// Reads the host right before the write: still managed, still as the plan saw it.
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
    } catch {
      return .failure(error)
    }
  }

  func write(
    _ before: ObservedResource, _ change: Change, _ spec: Spec, _ meta: JSONValue, provesDisabled: Bool = false
  ) async -> NPMError? {
    await rows.write(before, spec, meta: meta, secrets: change.secrets, provesDisabled: provesDisabled)
  }

  /// The existing content of `meta`, plus our marker.
  private func marked(_ host: ObservedResource, _ marker: OwnershipMarker) -> JSONValue {
    var meta = host.meta.objectValue ?? [:]
    meta[OwnershipMarker.metaKey] = marker.json
    return .object(meta)
  }

  /// NPM removes a host's configuration first and reloads nginx after: a 500 means that it was not reloaded.
  static func stillServed(_ state: String) -> NPMError {
    NPMError(
      .nginxUnconfirmed, "the host is \(state), but NPM answered 500: nginx may go on serving it",
      hint: "once nginx is healthy again any write reloads it; the next run looks at it again")
  }
}
