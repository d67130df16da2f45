package import Model

/// A score from 0 to 100 for a host: 50 % availability of a day, 30 % current health, 20 % latency.
package enum HealthScore {
  /// nil: no data.
  package static func of(_ health: Health, _ windows: CheckStatistics, _ objective: Objective) -> Int? {
    guard let availability = windows.day.availability else { return nil }
    // Scaled from 90 % to 100 %: a service below 90 % counts as unavailable.
    let steady = 50 * max(0, (availability - 0.9) / 0.1)
    let now: Double = health == .healthy ? 30 : health == .unknown ? 15 : 0
    let quick = 20 * quickness(windows, objective)
    return Int((steady + now + quick).rounded())
  }

  /// 1 up to the objective, falling to 0 at ten times the objective.
  private static func quickness(_ windows: CheckStatistics, _ objective: Objective) -> Double {
    guard let found = windows.day.latencies.percentile(0.95) else { return 0 }
    return min(1, max(0, 1 - (found / objective.latency - 1) / 9))
  }

  /// Of all that are known; nil: none is.
  package static func overall(_ scores: [Int]) -> Int? {
    scores.isEmpty ? nil : Int((Double(scores.reduce(0, +)) / Double(scores.count)).rounded())
  }
}
