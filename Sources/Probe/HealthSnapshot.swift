package import Model

/// The health of every watched host at a moment.
package struct HealthSnapshot: Sendable {
  /// By name.
  package var records: [HealthState.Record]
  package var statistics: [TargetKey: CheckStatistics]
  package var at: Timestamp

  package init(records: [HealthState.Record], statistics: [TargetKey: CheckStatistics], at: Timestamp) {
    self.records = records
    self.statistics = statistics
    self.at = at
  }

  package func statistics(of record: HealthState.Record) -> CheckStatistics {
    statistics[record.target.key] ?? CheckStatistics()
  }

  /// The objectives that a host missed; none in its first day, in which too little is known of it.
  package func misses(of record: HealthState.Record) -> [String] {
    let age = record.memory.firstSeen.map { at.seconds - $0.seconds } ?? .infinity
    return age < Self.grace ? [] : record.target.objective.misses(statistics(of: record))
  }

  private static let grace = 86400.0

  package func count(_ health: Health) -> Int { records.count { $0.health == health } }

  /// From 0 to 100; nil: it was not checked yet.
  package func score(of record: HealthState.Record) -> Int? {
    HealthScore.of(record.health, statistics(of: record), record.target.objective)
  }

  /// Of everything.
  package var score: Int? { HealthScore.overall(records.compactMap(score)) }
}
