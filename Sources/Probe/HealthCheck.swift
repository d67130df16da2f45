package import Model

/// A monitored destination: its check interval and its name on the data plane. By reference, as its checks are: a daemon
/// keeps thousands of both, and copies the lists that they stand in.
package final class HealthTarget: Sendable {
  package let key: TargetKey
  package let target: ProbeTarget
  /// Seconds.
  package let interval: Double
  /// nil: it is not checked through NPM.
  package let front: DataPlaneHost?
  package let objective: Objective

  package var name: String { target.name }
  /// Several hosts may share it: one machine, one port.
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

/// One check of a destination, directly and through NPM where the latter is possible.
package final class HealthCheck: Sendable {
  package let key: TargetKey
  package let at: Timestamp
  package let direct: ProbeResult
  package let front: DataPlaneResult?
  private let frontName: DataPlaneHost?
  /// Whether our own network is down.
  package let isLocalNetworkDown: Bool

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

  /// Both paths must pass. If only we cannot reach a destination (such as a container name), and the response through
  /// NPM can only come from it, the check passes. A destination that refuses our connection is down for NPM too.
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
    // A backend that is known to be down is the cause, whatever the state of NPM.
    case .noConnection: return direct.isRefused || direct.failure?.step == .http ? .backend : .npm
    case .badCertificate: return .certificate
    case .answered, .noAnswer, nil: break
    }
    if direct.isOK { return .nginx }
    return direct.failure?.step == .dns ? .dns : .backend
  }

  /// A short description of the problem.
  package var problem: String? {
    guard let failureCause else { return nil }
    switch failureCause {
    case .npm, .certificate, .nginx: return "through NPM: \(front?.summary ?? "no answer")"
    case .backend, .dns, .network: return direct.failure.map { $0.hint ?? $0.error ?? "failed" }
    }
  }

  /// Milliseconds from the connection to the response; nil if there was none.
  package var latency: Double? {
    guard isOK else { return nil }
    guard direct.isOK else { return front?.milliseconds }
    return direct.steps.filter { [.tcp, .http].contains($0.step) }.compactMap(\.milliseconds).reduce(0, +)
  }
}
