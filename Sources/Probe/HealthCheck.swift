package import Model

/// Who is to blame for a destination that cannot be used.
package enum FailureCause: String, Codable, CaseIterable, Sendable {
  case backend
  /// nginx answers, but does not get to a destination that we get to.
  case nginx = "nginx configuration"
  /// NPM's data plane does not answer at all.
  case npm = "NPM"
  case dns = "DNS"
  case certificate
  /// Our own network is down.
  case network
}

/// What is watched: a destination, how often, and by which name visitors know it.
package struct HealthTarget: Hashable, Sendable {
  package var key: TargetKey
  package var target: ProbeTarget
  /// Seconds.
  package var interval: Double
  /// nil: it is not asked for through NPM.
  package var front: DataPlaneHost?
  package var objective: Objective

  package var name: String { target.name }
  /// What several hosts may share: one machine, one port.
  package var destination: String { "\(target.host):\(target.port)" }

  /// - Parameter key: nil: the proxy host of that name, of the default instance.
  package init(
    _ target: ProbeTarget, key: TargetKey? = nil, interval: Double, front: DataPlaneHost? = nil,
    objective: Objective = Objective()
  ) {
    self.key = key ?? TargetKey(.default, ResourceKey(.proxyHost, target.name))
    self.target = target
    self.interval = interval
    self.front = front
    self.objective = objective
  }
}

/// One check of a destination, by both ways where there are two.
package struct HealthCheck: Hashable, Sendable {
  package var key: TargetKey
  package var at: Timestamp
  package var direct: ProbeResult
  package var front: DataPlaneResult?
  private var frontName: DataPlaneHost?
  /// Whether our own network was found to be down.
  package var isLocalNetworkDown: Bool

  package init(
    _ target: HealthTarget, at: Timestamp, direct: ProbeResult, front: DataPlaneResult? = nil,
    isLocalNetworkDown: Bool = false
  ) {
    key = target.key
    self.at = at
    self.direct = direct
    self.front = front
    frontName = target.front
    self.isLocalNetworkDown = isLocalNetworkDown
  }

  /// Both ways must do. Where only we cannot get to a destination, as to a container by its name, and what visitors get
  /// can only have come from there, all is well; one that refuses us is not there for NPM either.
  package var outcome: CheckOutcome {
    if isOK { return .passed }
    return isLocalNetworkDown ? .inconclusive : .failed
  }

  private var isOK: Bool {
    guard let front else { return direct.isOK }
    if direct.isOK { return front.isOK }
    let isOutOfSight = direct.failure?.step == .dns || (direct.failure?.step == .tcp && !direct.isRefused)
    return isOutOfSight && front.provesDestination(frontName)
  }

  package var failureCause: FailureCause? {
    if isOK { return nil }
    if isLocalNetworkDown { return .network }
    switch front?.outcome {
    // A backend that is known to be down is down whatever becomes of NPM.
    case .noConnection: return direct.isRefused || direct.failure?.step == .http ? .backend : .npm
    case .badCertificate: return .certificate
    case .answered, .noAnswer, nil: break
    }
    if direct.isOK { return .nginx }
    return direct.failure?.step == .dns ? .dns : .backend
  }

  /// What is wrong, in a few words.
  package var problem: String? {
    guard let failureCause else { return nil }
    switch failureCause {
    case .npm, .certificate, .nginx: return "through NPM: \(front?.summary ?? "no answer")"
    case .backend, .dns, .network: return direct.failure.map { $0.hint ?? $0.error ?? "failed" }
    }
  }

  /// Milliseconds from the connection to the answer; nil where there was none.
  package var latency: Double? {
    guard isOK else { return nil }
    guard direct.isOK else { return front?.milliseconds }
    return direct.steps.filter { [.tcp, .http].contains($0.step) }.compactMap(\.milliseconds).reduce(0, +)
  }
}
