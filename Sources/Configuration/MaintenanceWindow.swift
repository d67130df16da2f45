package import Model
package import Platform

/// A recurring time in which nothing is written to NPM.
package struct MaintenanceWindow: Sendable {
  package var cron: CronExpression
  /// Seconds.
  package var duration: Double
  package var zone: TimeZoneRules
  package var reason: String

  package init(cron: CronExpression, duration: Double, zone: TimeZoneRules, reason: String) {
    self.cron = cron
    self.duration = duration
    self.zone = zone
    self.reason = reason
  }

  /// When the currently open window ends; nil: none is open. One that starts in an hour that the clock skips starts
  /// right after it.
  package func end(at now: Timestamp) -> Timestamp? {
    var minute = Int((now.seconds / 60).rounded(.down))
    let oldest = Int(((now.seconds - duration) / 60).rounded(.down))
    while minute > oldest {
      let seconds = minute * 60
      let local = seconds + zone.offset(at: seconds)
      let skipped = max(0, zone.offset(at: seconds) - zone.offset(at: seconds - 60))
      let minutes = stride(from: local - skipped, through: local, by: 60)
      if minutes.contains(where: { cron.matches(LocalMinute(seconds: $0)) }) {
        return Timestamp(seconds: Double(seconds) + duration)
      }
      minute -= 1
    }
    return nil
  }

  /// Why nothing may be written now; nil: writes are allowed.
  package static func suspension(_ windows: [MaintenanceWindow], at now: Timestamp) -> Suspension? {
    let open = windows.compactMap { window in window.end(at: now).map { (window.reason, $0) } }
    return open.max { $0.1 < $1.1 }.map { reason, end in
      Suspension(until: end.iso8601, reason: reason.isEmpty ? "maintenance window" : "maintenance window: \(reason)")
    }
  }
}
