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

  package func count(_ health: Health) -> Int { records.count { $0.health == health } }

  /// From 0 to 100; nil: it was not checked yet.
  package func score(of record: HealthState.Record) -> Int? {
    HealthScore.of(record.health, statistics(of: record), record.target.objective)
  }

  /// Of everything.
  package var score: Int? { HealthScore.overall(records.compactMap(score)) }
}
