/// What a host is expected to do in a week.
package struct Objective: Hashable, Sendable {
  /// From 0 to 1: the share of checks that succeed.
  package var availability = 0.995
  /// Milliseconds that 95 of 100 checks do not exceed.
  package var latency = 200.0

  package init() {}

  /// This one, with what the members of an `slo:` say differently.
  package func with(_ members: JSONValue) -> Objective {
    var objective = self
    if let percent = members["availability"].doubleValue { objective.availability = percent / 100 }
    if let bound = members["latency_ms"].doubleValue { objective.latency = bound }
    return objective
  }

  /// Checks below which a week says nothing.
  private static let minimumChecks = 20

  /// What a host missed; empty: it keeps what is expected, or it is too early to tell.
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

  /// The share of the failures that a week may have which is left: 1 untouched, below 0 overdrawn; nil: no checks.
  package func budget(_ windows: CheckStatistics) -> Double? {
    windows.week.availability.map { 1 - spent($0) }
  }

  /// How fast the last day used it: at 1 it would last a week just so.
  package func burnRate(_ windows: CheckStatistics) -> Double? { windows.day.availability.map(spent) }

  private func spent(_ share: Double) -> Double {
    // An objective of everything allows for nothing.
    (1 - share) / max(1 - availability, 1e-9)
  }

  /// `99.95 %`.
  package static func percent(_ share: Double) -> String {
    // Never rounded up: 100 % is a promise.
    let hundredths = Int((share * 10_000).rounded(.down))
    let rest = hundredths % 100
    return "\(hundredths / 100)\(rest == 0 ? "" : ".\(rest < 10 ? "0" : "")\(rest % 10 == 0 ? rest / 10 : rest)") %"
  }
}
