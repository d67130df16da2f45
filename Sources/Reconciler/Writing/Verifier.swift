import Model
import NPMClient

/// Reads back the result of a write: NPM's answers prove nothing.
struct Verifier: Sendable {
  enum Verdict: Sendable {
    /// As desired, and nginx accepted it.
    case served(ObservedResource)
    /// As desired, but nginx rejected it; with its error.
    case refused(ObservedResource, String)
    /// As desired, but NPM never showed whether nginx accepted it.
    case unconfirmed(ObservedResource)
    /// Not as desired.
    case different(ObservedResource)
    case missing
    case unreadable(NPMError)
  }

  /// How certain it is that NPM is done with the write.
  enum Progress: Sendable {
    /// It answered without error: its status of nginx may follow a little later.
    case answered
    /// It answered with an error: the current state is final.
    case over
    /// Its answer is unknown: it may still be working.
    case unclear

    init(_ error: NPMError?) {
      guard let error else {
        self = .answered
        return
      }
      self = error.isOutcomeUnknown && !error.isOver ? .unclear : .over
    }
  }

  let gateway: any NPMGateway
  let pause: @Sendable (Double) async -> Void

  /// Pauses between reads, in seconds: 6 s in all, because NPM may take seconds to finish after it answered.
  private static let pauses = [0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3]

  /// Reads a host until NPM has settled.
  func confirm(_ id: ResourceID, _ desired: Spec, _ progress: Progress) async -> Verdict {
    await confirm(desired, progress) { () async throws(NPMError) in try await gateway.object(desired.kind, id) }
  }

  /// The same for a create: the object is found by our marker and its claims, or by its name, which no object in NPM
  /// had when the plan was made.
  func confirmCreate(_ desired: Spec, _ marker: OwnershipMarker, _ progress: Progress) async -> Verdict {
    await confirm(desired, progress) { () async throws(NPMError) in
      try await gateway.objects(desired.kind).first { host in
        if let name = desired.nameInNPM { return host.nameInNPM == name }
        return host.marker?.owner == marker.owner && host.marker?.name == marker.name
          && host.normalised.claims == desired.claims
      }
    }
  }

  private func confirm(
    _ desired: Spec, _ progress: Progress, _ read: () async throws(NPMError) -> ObservedResource?
  ) async -> Verdict {
    var last = await judge(desired, read)
    for seconds in Self.pauses where shouldWait(last, progress) {
      await pause(seconds)
      last = await judge(desired, read)
    }
    return last
  }

  private func shouldWait(_ verdict: Verdict, _ progress: Progress) -> Bool {
    switch verdict {
    case .served, .refused: false
    case .unconfirmed: progress != .over
    case .different, .missing: progress == .unclear
    case .unreadable(let error): ![.upstreamAuth, .npmForbidden].contains(error.code)
    }
  }

  private func judge(_ desired: Spec, _ read: () async throws(NPMError) -> ObservedResource?) async -> Verdict {
    do {
      guard let host = try await read() else { return .missing }
      guard host.normalised.unmasked(by: desired) == desired else { return .different(host) }
      if !host.isEnabled { return .served(host) }
      switch host.nginx {
      case .online: return .served(host)
      case .refused(let message): return .refused(host, message)
      case .unknown: return .unconfirmed(host)
      }
    } catch {
      return .unreadable(error)
    }
  }

  /// Whether a delete happened. nil: unknown.
  func isGone(_ kind: ResourceKind, _ id: ResourceID, _ progress: Progress) async -> Bool? {
    var isThere: Bool?
    for seconds in [0] + Self.pauses {
      if seconds > 0 { await pause(seconds) }
      do {
        if try await gateway.object(kind, id) == nil { return true }
        isThere = true
        if progress != .unclear { return false }
      } catch { isThere = nil }
    }
    return isThere.map { !$0 }
  }
}

extension Verifier.Verdict {
  var host: ObservedResource? {
    switch self {
    case .served(let host), .refused(let host, _), .unconfirmed(let host), .different(let host): host
    case .missing, .unreadable: nil
    }
  }

  /// NPM tests the whole configuration: an error in another host's file is not this host's fault.
  var blamesAnother: Bool {
    guard case .refused(let host, let message) = self, message.contains("/data/nginx/") else { return false }
    return !message.contains("/\(host.kind.rawValue)/\(host.id).conf")
  }

  /// It was just created and is to be disabled: NPM can only disable an existing host.
  func isStillOn(_ spec: Spec) -> Bool {
    guard case .different(let host) = self else { return false }
    return host.isEnabled && spec["enabled"] == false
  }
}
