/// The service level objective of a host for one week.
package struct Objective: Hashable, Sendable {
  /// From 0 to 1: the share of successful checks.
  package var availability = 0.995
  /// The 95th percentile of latency in milliseconds.
  package var latency = 200.0

  package init() {}

  /// A copy with the members of an `slo:` applied.
  package func with(_ members: JSONValue) -> Objective {
    var objective = self
    if let percent = members["availability"].doubleValue { objective.availability = percent / 100 }
    if let bound = members["latency_ms"].doubleValue { objective.latency = bound }
    return objective
  }

  /// Minimum number of checks for a judgement about a week.
  private static let minimumChecks = 20

  /// The objectives that a host missed; empty: it met them, or there are too few checks.
  package func misses(_ windows: CheckStatistics) -> [String] {
    guard windows.week.checks >= Self.minimumChecks else { return [] }
    var missed: [String] = []
    if let share = windows.week.availability, share < availability {
      missed.append("available \(Self.percent(share)) of a week, expected \(Self.percent(availability))")
    }
    if let found = windows.week.latencies.percentile(0.95), found > latency {
      missed.append("95 of 100 checks took up to \(Int(found.rounded())) ms, expected \(Int(latency)) ms")
    }
    return missed
  }

  /// The remaining share of the week's error budget: 1 unused, below 0 exceeded; nil: no checks.
  package func budget(_ windows: CheckStatistics) -> Double? {
    windows.week.availability.map { 1 - spent($0) }
  }

  /// The burn rate of the last day: at 1 the budget lasts exactly a week.
  package func burnRate(_ windows: CheckStatistics) -> Double? { windows.day.availability.map(spent) }

  private func spent(_ share: Double) -> Double {
    // An objective of 100 % leaves no budget; avoid a division by zero.
    (1 - share) / max(1 - availability, 1e-9)
  }

  /// `99.95 %`.
  package static func percent(_ share: Double) -> String {
    // Never rounded up: 100 % must mean no failure.
    let hundredths = Int((share * 10_000).rounded(.down))
    let rest = hundredths % 100
    return "\(hundredths / 100)\(rest == 0 ? "" : ".\(rest < 10 ? "0" : "")\(rest % 10 == 0 ? rest / 10 : rest)") %"
  }
}
