import Reconciler
package import Probe
package import Alerting
package import Model
import Platform

extension AlertInput {
  /// The state that alerts depend on.
  ///
  /// - Parameters:
  ///   - view: nil: nothing is known about hosts.
  ///   - starts: of the daemon within a week.
  package init(_ view: HealthSnapshot?, _ matters: ConditionTracker, starts: [Timestamp]) {
    self.init()
    npm = matters.npm
    store = matters.store
    apply = matters.apply
    drift = matters.drift
    guardOpen = matters.guardOpen
    desired = matters.desired
    self.starts = starts
    certificates = matters.expiring.map { entry in
      let left = entry.daysLeft ?? 0
      let when = left < 0 ? "ended on \(entry.expires)" : "ends on \(entry.expires)"
      let users = entry.users.prefix(3).joined(separator: ", ") + (entry.users.count > 3 ? ", ..." : "")
      return (entry.name, "certificate '\(entry.name)' of \(users) \(when)", entry.isUrgent)
    }
    hosts = (view?.records ?? []).map { Host($0, misses: view?.misses(of: $0) ?? []) }
    unknown = matters.unknown
    if view == nil { unknown.formUnion([.down, .unstable]) }
    knowsObjectives = view?.statistics.isEmpty == false
  }
}

extension AlertInput.Host {
  fileprivate init(_ record: HealthState.Record, misses: [String]) {
    self.init(name: record.target.name, destination: record.target.destination)
    isUnhealthy = record.health == .unhealthy
    // After a start, a host that was unhealthy is neither unhealthy nor healthy until it is checked again.
    isUnknown = record.health == .unknown || record.last == nil || (isUnhealthy && record.lastFailure == nil)
    // What made it unhealthy, also while one success is not enough to be healthy again.
    let check = isUnhealthy ? record.lastFailure : record.last
    isDead = [.dns, .tcp].contains(check?.direct.failure?.step)
    cause = check?.failureCause.flatMap { [.nginx, .npm, .certificate].contains($0) ? $0 : nil }
    problem = check?.problem ?? ""
    failures = record.memory.failures
    self.misses = misses
  }
}
