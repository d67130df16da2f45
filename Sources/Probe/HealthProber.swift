package import Curl
import Model
import Platform

/// Checks monitored targets. Tests use their own.
package protocol HealthChecker: Sendable {
  /// Checks each target once and reports each result at once, so that a slow target does not delay the others.
  func check(_ targets: [HealthTarget], found: @escaping @Sendable (HealthCheck) async -> Void) async
}

/// Checks destinations over the network, also through NPM if its data plane is known.
package struct HealthProber: HealthChecker {
  private let settings: ProbeSettings
  private let engine: CurlEngine
  private let dataPlane: DataPlane?
  private let connectivityTargets: [ProbeTarget]
  private let policy: DestinationPolicy?
  private let observe: @Sendable (ProbeResult) -> Void

  /// - Parameters:
  ///   - connectivityTargets: always available; if none accepts a connection, our own network is down.
  ///   - policy: which checks may not connect everywhere; nil: all may.
  ///   - observe: called once for each check of a destination.
  package init(
    settings: ProbeSettings, engine: CurlEngine, dataPlane: DataPlane? = nil, connectivityTargets: [ProbeTarget] = [],
    policy: DestinationPolicy? = nil, observe: @escaping @Sendable (ProbeResult) -> Void = { _ in }
  ) {
    self.observe = observe
    self.policy = policy
    self.settings = settings
    self.engine = engine
    self.dataPlane = dataPlane
    self.connectivityTargets = connectivityTargets
  }

  package func check(_ targets: [HealthTarget], found: @escaping @Sendable (HealthCheck) async -> Void) async {
    // A prober caches name look-ups; each round resolves them again.
    let prober = Prober(settings: settings, engine: engine, policy: policy, observe: observe)
    let network = Network(prober, connectivityTargets)
    await withDiscardingTaskGroup { group in
      let places = AsyncSemaphore(max(1, settings.concurrency))
      for target in targets {
        await places.enter()
        group.addTask {
          let check = await check(target, prober, network)
          places.leave()
          await found(check)
        }
      }
    }
  }

  private func check(_ target: HealthTarget, _ prober: Prober, _ network: Network) async -> HealthCheck {
    async let answer = ask(target, prober)
    let direct = await prober.probe(target.target)
    let front = await answer
    let isLost = [.dns, .tcp].contains(direct.failure?.step)
    let isLocalNetworkDown = isLost ? await network.isDown() : false
    return HealthCheck(target, at: .now, direct: direct, front: front, isLocalNetworkDown: isLocalNetworkDown)
  }

  /// The check through NPM's data plane.
  private func ask(_ target: HealthTarget, _ prober: Prober) async -> DataPlaneResult? {
    guard let dataPlane, let front = target.front else { return nil }
    return await prober.ask(dataPlane, for: front, target.target)
  }
}

/// Whether our own network is down; checked at most once a round, and only on demand.
private actor Network {
  private let prober: Prober
  private let connectivityTargets: [ProbeTarget]
  private var answer: Task<Bool, Never>?

  init(_ prober: Prober, _ connectivityTargets: [ProbeTarget]) {
    self.prober = prober
    self.connectivityTargets = connectivityTargets
  }

  func isDown() async -> Bool {
    guard !connectivityTargets.isEmpty else { return false }
    if let answer { return await answer.value }
    let task = Task { [prober, connectivityTargets] in
      let results = await prober.probe(connectivityTargets)
      return !results.contains { $0.steps.contains { $0.step == .tcp && $0.status == .passed } }
    }
    answer = task
    return await task.value
  }
}
