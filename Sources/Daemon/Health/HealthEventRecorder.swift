package import Model
package import Probe

/// Events for changes of health: a value that remembers what it recorded.
package struct HealthEventRecorder: Sendable {
  private var isLocalNetworkDown = false

  package init() {}

  /// The first success is no event; an outage of our own network is one event, however many hosts it hides.
  package mutating func events(
    _ transitions: [HealthTransition], _ view: HealthSnapshot?, correlation: String
  ) -> [Event] {
    func event(_ severity: Event.Severity, _ subject: String, _ reason: String, _ message: String) -> Event {
      Event(severity, source: "health", subject: subject, reason: reason, message, correlation: correlation)
    }
    let records = Dictionary(firstOf: (view?.records ?? []).map { ($0.target.key, $0) })
    var events = transitions.compactMap { transition -> Event? in
      let name = transition.key.name
      let subject = transition.key.resource.path
      switch (transition.before, transition.after) {
      case (.unhealthy, .healthy): return event(.info, subject, "Healthy", "\(name) is healthy again")
      case (_, .unhealthy):
        let problem = records[transition.key]?.last?.problem ?? "no answer"
        return event(.error, subject, "Unhealthy", "\(name) is unhealthy: \(problem)")
      default: return nil
      }
    }
    let isUnknown = transitions.contains { $0.after == .unknown }
    if isUnknown != isLocalNetworkDown, isUnknown || transitions.contains(where: { $0.before == .unknown }) {
      isLocalNetworkDown = isUnknown
      events.append(
        isUnknown
          ? event(.warning, "network", "NetworkDown", "our own network is down: the health of hosts is not known")
          : event(.info, "network", "NetworkUp", "our own network is back"))
    }
    return events
  }
}
