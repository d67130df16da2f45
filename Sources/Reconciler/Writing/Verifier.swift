import Model
import NPMClient

/// Reads back what a write did: NPM's answers prove nothing.
struct Verifier: Sendable {
  enum Verdict: Sendable {
    /// It is as wanted, and nginx took it.
    case served(ObservedResource)
    /// It is as wanted, but nginx refused it; its words.
    case refused(ObservedResource, String)
    /// It is as wanted, but NPM never said whether nginx took it.
    case unconfirmed(ObservedResource)
    /// It is not as wanted.
    case different(ObservedResource)
    case missing
    case unreadable(NPMError)
  }

  /// How sure it is that NPM is done with the write.
  enum Progress: Sendable {
    /// It answered that all is well: what it says of nginx may come a little later.
    case answered
    /// It answered that it failed: what is there now stays.
    case over
    /// Its answer is not known: it may still be at work.
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

  /// ActiveSuspensions between reads, in seconds: 6 s in all, because NPM may take seconds to finish after it answered.
  private static let pauses = [0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3]

  /// Reads a host until NPM has settled.
  func settle(_ id: ResourceID, _ desired: Spec, _ progress: Progress) async -> Verdict {
    await settle(desired, progress) { try await gateway.object(desired.kind, id) }
  }

  /// The same for a create: the object is found by our marker and what it claims, or by its name, which nothing in NPM had
  /// when the plan was made.
  func settleCreate(_ desired: Spec, _ marker: OwnershipMarker, _ progress: Progress) async -> Verdict {
    await settle(desired, progress) {
      try await gateway.objects(desired.kind).first { host in
        if let name = desired.nameInNPM { return host.nameInNPM == name }
        return host.marker?.owner == marker.owner && host.marker?.name == marker.name
          && host.normalised.claims == desired.claims
      }
    }
  }

  private func settle(
    _ desired: Spec, _ progress: Progress, _ read: () async throws -> ObservedResource?
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

  private func judge(_ desired: Spec, _ read: () async throws -> ObservedResource?) async -> Verdict {
    do {
      guard let host = try await read() else { return .missing }
      guard host.normalised.unmasked(by: desired) == desired else { return .different(host) }
      if !host.isEnabled { return .served(host) }
      switch host.nginx {
      case .online: return .served(host)
      case .refused(let words): return .refused(host, words)
      case .unknown: return .unconfirmed(host)
      }
    } catch let error as NPMError {
      return .unreadable(error)
    } catch {
      return .unreadable(NPMError(.internalError, "\(error)"))
    }
  }

  /// Whether a delete happened. nil: it cannot be told.
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

  /// NPM tests the whole configuration: a complaint about another host's file is not this host's fault.
  var blamesAnother: Bool {
    guard case .refused(let host, let message) = self, message.contains("/data/nginx/") else { return false }
    return !message.contains("/\(host.kind.rawValue)/\(host.id).conf")
  }

  /// It was just made, is to be off, and NPM only switches off what is there.
  func isStillOn(_ spec: Spec) -> Bool {
    guard case .different(let host) = self else { return false }
    return host.isEnabled && spec["enabled"] == false
  }
}
