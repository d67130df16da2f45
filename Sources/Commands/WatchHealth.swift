import Model
import Platform
import Probe
import Reconciler

/// What of the desired state is watched, and how.
extension HealthSettings {
  /// - Parameter served: what NPM is known to serve: for anything else it answers with a page of its own.
  func targets(_ desired: DesiredState, served: Set<ResourceKey>) -> [HealthTarget] {
    let lists = Dictionary(
      desired.resources.filter { $0.key.kind == .accessList }.map { ($0.key.name, $0.spec.asksEverybody) }
    ) { first, _ in first }
    return desired.resources.compactMap { resource in
      guard resource.spec.schema.isProbed, resource.spec["enabled"] != false,
        resource.validation != .off || resource.check != nil
      else { return nil }
      return HealthTarget(
        ProbeTarget(name: resource.key.name, spec: resource.spec, resource.check),
        interval: resource.check?.interval ?? interval,
        front: served.contains(resource.key) ? front(resource, lists) : nil, objective: objective(resource))
    }
  }

  /// The first name that is one: nobody can be asked for a wildcard.
  ///
  /// - Parameter lists: access lists of the YAML, and whether each asks everybody for a password.
  private func front(_ resource: DesiredResource, _ lists: [String: Bool]) -> DataPlaneHost? {
    guard door != nil, let name = resource.spec.claims.first(where: { !$0.contains("*") }) else { return nil }
    let list = resource.spec["access_list"].stringValue
    return DataPlaneHost(
      domain: name, usesTLS: !resource.spec["certificate"].isNull, isGuarded: list != nil,
      mustAsk: list.flatMap { lists[$0] } ?? false,
      isMarked: resource.spec["advanced_config"] == "" && resource.spec["locations"].arrayValue?.isEmpty != false)
  }

  private func objective(_ resource: DesiredResource) -> Objective {
    let own = objectives.first { resource.labels[$0.label.name] == $0.label.value }?.objective ?? objective
    return own.with(resource.objective)
  }
}

/// What is worth saying about transitions: a value that remembers what it said.
struct HealthEventRecorder: Sendable {
  private var isLocalNetworkDown = false

  /// The first good answer is no news; a network of ours that is down is one piece of news, however many hosts it hides.
  mutating func events(
    _ transitions: [HealthTransition], _ records: [String: HealthState.Record], correlation: String
  ) -> [Event] {
    func event(_ severity: Event.Severity, _ subject: String, _ reason: String, _ words: String) -> Event {
      Event(severity, source: "health", subject: subject, reason: reason, words, correlation: correlation)
    }
    var events = transitions.compactMap { transition -> Event? in
      let name = transition.name
      switch (transition.before, transition.after) {
      case (.unhealthy, .healthy): return event(.info, "proxy_host/\(name)", "Healthy", "\(name) is healthy again")
      case (_, .unhealthy):
        let problem = records[name]?.last?.problem ?? "no answer"
        return event(.error, "proxy_host/\(name)", "Unhealthy", "\(name) is unhealthy: \(problem)")
      default: return nil
      }
    }
    let isLost = transitions.contains { $0.after == .unknown }
    if isLost != isLocalNetworkDown, isLost || transitions.contains(where: { $0.before == .unknown }) {
      isLocalNetworkDown = isLost
      events.append(
        isLost
          ? event(.warning, "network", "NetworkDown", "our own network is down: the health of hosts is not known")
          : event(.info, "network", "NetworkUp", "our own network is back"))
    }
    return events
  }
}
