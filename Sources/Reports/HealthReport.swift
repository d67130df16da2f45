package import Model
package import Probe

/// `health.json`: the state of every watched host.
package struct HealthReport: Codable, Hashable, Sendable {
  package struct Proxy: Codable, Hashable, Sendable {
    package var name: String
    package var target: String
    package var health: Health
    package var since: ReportTime
    @Nullable package var checkedAt: ReportTime?
    package var failuresInARow: Int
    /// Of the last check since the start.
    package var steps: [DestinationReport.Step]
    /// The same through NPM; absent: it was not checked.
    package var throughNPM: ThroughNPM?
    @Nullable package var cause: String?
    @Nullable package var problem: String?
    /// From 0 to 100.
    @Nullable package var score: Int?
    package var availability: Availability
    package var latency: Latency
    package var objective: Target

    private enum CodingKeys: String, CodingKey {
      case name, target, health, since, steps, cause, problem, score, availability
      case checkedAt = "checked_at"
      case failuresInARow = "failures_in_a_row"
      case throughNPM = "through_npm"
      case latency = "latency_ms"
      case objective = "slo"
    }
  }
  package struct ThroughNPM: Codable, Hashable, Sendable {
    package var ok: Bool
    package var detail: String
    package var ms: Double
  }
  /// Shares of checks that succeeded, from 0 to 1.
  package struct Availability: Codable, Hashable, Sendable {
    @Nullable package var day: Double?
    @Nullable package var week: Double?
    @Nullable package var month: Double?

    private enum CodingKeys: String, CodingKey {
      case day = "24h"
      case week = "7d"
      case month = "30d"
    }
  }
  /// Of 24 hours, in milliseconds.
  package struct Latency: Codable, Hashable, Sendable {
    @Nullable package var p50: Double?
    @Nullable package var p95: Double?
    @Nullable package var p99: Double?
  }
  package struct Target: Codable, Hashable, Sendable {
    package var availability: Double
    /// Milliseconds.
    package var latency: Double
    /// The share of the week's failures that is left.
    @Nullable package var errorBudget: Double?
    /// How fast the last day used the budget; 1: it lasts just a week.
    @Nullable package var burnRate: Double?
    package var missed: [String]

    private enum CodingKeys: String, CodingKey {
      case availability, missed
      case latency = "latency_ms"
      case errorBudget = "error_budget"
      case burnRate = "burn_rate"
    }
  }

  package var formatVersion = "1"
  package var writtenAt: ReportTime
  package var counts: [Health: Int]
  @Nullable package var score: Int?
  package var proxies: [Proxy]

  private enum CodingKeys: String, CodingKey {
    case counts, score, proxies
    case formatVersion = "format_version"
    case writtenAt = "written_at"
  }

  package init(_ health: HealthSnapshot) {
    writtenAt = ReportTime(health.at)
    counts = Dictionary(uniqueKeysWithValues: Health.allCases.map { ($0, health.count($0)) })
    _score = Nullable(wrappedValue: health.score)
    proxies = health.records.map { Proxy($0, health) }
  }
}

extension HealthReport {
  /// Nothing is known of any host any more.
  mutating func forget(_ problem: String) {
    for index in proxies.indices {
      proxies[index].health = .unknown
      proxies[index].problem = problem
    }
    counts = Dictionary(uniqueKeysWithValues: Health.allCases.map { ($0, $0 == .unknown ? proxies.count : 0) })
    score = nil
  }
}

extension HealthReport.Proxy {
  init(_ record: HealthState.Record, _ health: HealthSnapshot) {
    let windows = health.statistics(of: record)
    let last = record.last
    self.init(
      name: record.target.name, target: record.target.target.url, health: record.health,
      since: ReportTime(record.memory.tracker.since), checkedAt: record.memory.checkedAt.map(ReportTime.init),
      failuresInARow: record.memory.tracker.failures,
      steps: last?.direct.steps.map(DestinationReport.Step.init) ?? [],
      throughNPM: last?.front.map { .init(ok: $0.isOK, detail: $0.summary, ms: $0.milliseconds) },
      cause: last?.failureCause?.rawValue, problem: record.problem, score: health.score(of: record),
      availability: .init(windows), latency: .init(windows.day.latencies),
      objective: .init(record.target.objective, windows, missed: health.misses(of: record)))
  }
}

extension HealthReport.Proxy {
  /// What a check found that the monitor does not count.
  package mutating func take(_ check: HealthCheck) {
    health = [.passed: .healthy, .failed: .unhealthy][check.outcome] ?? .unknown
    checkedAt = ReportTime(check.at)
    steps = check.direct.steps.map(DestinationReport.Step.init)
    throughNPM = check.front.map { .init(ok: $0.isOK, detail: $0.summary, ms: $0.milliseconds) }
    cause = check.failureCause?.rawValue
    problem = check.problem
  }
}

extension HealthReport.Availability {
  init(_ windows: CheckStatistics) {
    self.init(
      day: windows.day.availability?.rounded(places: 5), week: windows.week.availability?.rounded(places: 5),
      month: windows.month.availability?.rounded(places: 5))
  }
}

extension HealthReport.Latency {
  init(_ latencies: LatencySketch) {
    self.init(
      p50: latencies.percentile(0.5)?.rounded(places: 1), p95: latencies.percentile(0.95)?.rounded(places: 1),
      p99: latencies.percentile(0.99)?.rounded(places: 1))
  }
}

extension HealthReport.Target {
  init(_ objective: Objective, _ windows: CheckStatistics, missed: [String]) {
    self.init(
      availability: objective.availability, latency: objective.latency,
      errorBudget: objective.budget(windows)?.rounded(places: 5),
      burnRate: objective.burnRate(windows)?.rounded(places: 5), missed: missed)
  }
}

extension Double {
  fileprivate func rounded(places: Int) -> Double {
    let factor = (0..<places).reduce(1.0) { product, _ in product * 10 }
    return (self * factor).rounded() / factor
  }
}
