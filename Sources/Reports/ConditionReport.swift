package import Model
import Planning
package import Probe

/// A condition, with the members and the meaning that Kubernetes gives them.
package struct ConditionReport: Codable, Hashable, Sendable {
  package enum Kind: String, Codable, Sendable {
    case inSync = "InSync"
    case applied = "Applied"
    case unobstructed = "Unobstructed"
    case certificatesValid = "CertificatesValid"
    /// Only with a daemon.
    case healthy = "Healthy"
    /// False while the newest desired files are not in force.
    case desiredValid = "DesiredValid"
  }

  package enum Status: String, Codable, Sendable {
    case yes = "True"
    case no = "False"
    case unknown = "Unknown"
  }

  package var type: Kind
  package var status: Status
  /// A stable identifier.
  package var reason: String
  package var message: String
  /// When the status last changed.
  package var since: ReportTime

  package init(_ type: Kind, _ status: Status, _ reason: String, _ message: String = "", since: Timestamp) {
    self.type = type
    self.status = status
    self.reason = reason
    self.message = message
    self.since = ReportTime(since)
  }

  /// With the time of the condition before, while the status is the same.
  func keepingTime(of before: ConditionReport?) -> ConditionReport {
    guard let before, before.status == status else { return self }
    var kept = self
    kept.since = before.since
    return kept
  }

  /// `Healthy`.
  package init(_ health: HealthSnapshot) {
    let bad = health.records.filter { $0.health == .unhealthy }.map(\.target.name)
    let known = "\(health.count(.healthy)) of \(health.records.count) healthy"
    let at = health.at
    if !bad.isEmpty {
      self.init(.healthy, .no, "Unhealthy", "unhealthy: \(bad.shortened)", since: at)
    } else if health.count(.unknown) > 0 {
      self.init(.healthy, .unknown, "NotAllKnown", known, since: at)
    } else {
      self.init(.healthy, .yes, "NoneUnhealthy", known, since: at)
    }
  }
}

extension ReconcileSummary {
  /// The reason of `InSync` where hosts may be without TLS and access control.
  package static let unprotected = "Unprotected"

  func conditions(at now: Timestamp) -> [ConditionReport] {
    [inSync(now), applied(now), unobstructed(now), certificatesValid(now)]
  }

  private func inSync(_ now: Timestamp) -> ConditionReport {
    guard !isInSync else { return .init(.inSync, .yes, "NothingToDo", "NPM is as the YAML says", since: now) }
    let parts =
      withheld.map { ", \($0.changes.count) \($0.reason)" }
      + (unprotected > 0 ? [", \(unprotected) may be without TLS and access control"] : [])
    let message = "\(open.count) differ from the YAML" + parts.joined()
    let reason = unprotected > 0 ? Self.unprotected : open.isEmpty ? "HeldBackByPolicy" : "ChangesPending"
    return .init(.inSync, .no, reason, message, since: now)
  }

  private func applied(_ now: Timestamp) -> ConditionReport {
    let message = failing.isEmpty ? "" : "failed: \(failing.joined(separator: ", "))"
    if !refusals.isEmpty {
      return .init(.applied, .no, "Refused", refusals.map(\.message).joined(separator: "; "), since: now)
    }
    guard failing.isEmpty else { return .init(.applied, .no, "ChangesFailed", message, since: now) }
    return .init(.applied, .yes, "Succeeded", since: now)
  }

  private func unobstructed(_ now: Timestamp) -> ConditionReport {
    let blocked = counts[.blocked] ?? 0
    guard blocked > 0 else { return .init(.unobstructed, .yes, "NothingBlocked", since: now) }
    return .init(.unobstructed, .no, "ChangesBlocked", "\(blocked) blocked", since: now)
  }

  private func certificatesValid(_ now: Timestamp) -> ConditionReport {
    guard !certificates.isEmpty else { return .init(.certificatesValid, .yes, "NoneEndsSoon", since: now) }
    let message = certificates.map(\.message).joined(separator: "; ")
    return .init(.certificatesValid, .no, certificates.hasErrors ? "EndingNow" : "EndingSoon", message, since: now)
  }
}
