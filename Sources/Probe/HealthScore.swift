package import Model

/// One number from 0 to 100 for how well a host does: half for its availability of a day, three tenths for how it is
/// now, two tenths for its latency.
package enum HealthScore {
  /// nil: nothing is known of it.
  package static func of(_ health: Health, _ windows: CheckStatistics, _ objective: Objective) -> Int? {
    guard let availability = windows.day.availability else { return nil }
    // From nine checks of ten on it counts: below that a service is not there.
    let steady = 50 * max(0, (availability - 0.9) / 0.1)
    let now: Double = health == .healthy ? 30 : health == .unknown ? 15 : 0
    let quick = 20 * quickness(windows, objective)
    return Int((steady + now + quick).rounded())
  }

  /// 1 up to the objective, 0 from its tenfold on.
  private static func quickness(_ windows: CheckStatistics, _ objective: Objective) -> Double {
    guard let found = windows.day.latencies.percentile(0.95) else { return 0 }
    return min(1, max(0, 1 - (found / objective.latency - 1) / 9))
  }

  /// Of all that are known; nil: none is.
  package static func overall(_ scores: [Int]) -> Int? {
    scores.isEmpty ? nil : Int((Double(scores.reduce(0, +)) / Double(scores.count)).rounded())
  }
}
