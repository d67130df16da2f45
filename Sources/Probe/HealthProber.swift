package import Curl
import Platform

/// Checks what is watched. Tests bring their own.
package protocol HealthChecking: Sendable {
  /// One check for each target, in their order.
  func check(_ targets: [HealthTarget]) async -> [HealthCheck]
}

/// Checks destinations over the network, by both ways where NPM's data plane is known.
package struct HealthProber: HealthChecking {
  private let settings: ProbeSettings
  private let engine: CurlEngine
  private let door: FrontDoor?
  private let landmarks: [ProbeTarget]

  /// - Parameter landmarks: what is always there; when none of it can be connected to, our own network is down.
  package init(settings: ProbeSettings, engine: CurlEngine, door: FrontDoor? = nil, landmarks: [ProbeTarget] = []) {
    self.settings = settings
    self.engine = engine
    self.door = door
    self.landmarks = landmarks
  }

  package func check(_ targets: [HealthTarget]) async -> [HealthCheck] {
    // A prober remembers what it looked up; a round looks again.
    let prober = Prober(settings: settings, engine: engine)
    async let answers = ask(targets, prober)
    let results = await prober.probe(targets.map(\.target))
    let fronts = await answers
    let isLost = results.contains { [.dns, .tcp].contains($0.failure?.step) }
    let isCutOff = isLost ? await cannotReachAnything(prober) : false
    let now = Timestamp.now
    return zip(targets, results).map { target, result in
      HealthCheck(target, at: now, direct: result, front: fronts[target.name], isCutOff: isCutOff)
    }
  }

  /// What visitors get, by host.
  private func ask(_ targets: [HealthTarget], _ prober: Prober) async -> [String: FrontAnswer] {
    guard let door else { return [:] }
    let named = targets.compactMap { target in target.front.map { (target, $0) } }
    return await withTaskGroup(of: (String, FrontAnswer).self) { group in
      var answers: [String: FrontAnswer] = [:]
      for (index, (target, front)) in named.enumerated() {
        if index >= settings.concurrency, let (name, answer) = await group.next() { answers[name] = answer }
        group.addTask { (target.name, await prober.ask(door, for: front, target.target)) }
      }
      for await (name, answer) in group { answers[name] = answer }
      return answers
    }
  }

  private func cannotReachAnything(_ prober: Prober) async -> Bool {
    guard !landmarks.isEmpty else { return false }
    let results = await prober.probe(landmarks)
    return !results.contains { $0.steps.contains { $0.step == .tcp && $0.status == .passed } }
  }
}
