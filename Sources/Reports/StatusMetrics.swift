package import Metrics
import Model

/// `metrics.prom`: the status files as metrics.
package enum StatusMetrics {
  package static func families(_ document: StatusDocument) -> [MetricFamily] {
    reconciliation(document.status, document.drift) + (document.health.map(health) ?? [])
  }

  private static func reconciliation(_ status: StatusReport, _ drift: DriftReport?) -> [MetricFamily] {
    let last = status.lastReconcile
    return [
      MetricFamily(
        "reconciler_last_reconcile_timestamp_seconds", "When the last reconciliation ended.",
        last.map { [.init([], $0.at.timestamp.seconds)] } ?? []),
      MetricFamily(
        "reconciler_last_reconcile_duration_seconds", "How long the last reconciliation that wrote took.",
        last?.seconds.map { [.init([], $0)] } ?? []),
      MetricFamily(
        "reconciler_objects", "Objects by what the last reconciliation found of them.",
        ObjectState.allCases.compactMap { state in
          status.counts[state].map { .init([("state", state.rawValue)], Double($0)) }
        }),
      MetricFamily(
        "reconciler_condition", "1 where a condition of status.json is true, 0 where it is false or not known.",
        status.conditions.map { .init([("type", $0.type.rawValue)], $0.status == .yes ? 1 : 0) }),
      MetricFamily(
        "reconciler_drifted_objects", "Objects that were changed in NPM and not repaired.",
        Double(drift?.drift.count ?? 0)),
    ]
  }

  private static func health(_ health: HealthReport) -> [MetricFamily] {
    func family(_ name: String, _ help: String, _ value: (HealthReport.Proxy) -> Double?) -> MetricFamily {
      MetricFamily(
        name, help, health.proxies.compactMap { proxy in value(proxy).map { .init([("name", proxy.name)], $0) } })
    }
    return [
      MetricFamily(
        "reconciler_health_written_timestamp_seconds", "When health was written last.",
        health.writtenAt.timestamp.seconds),
      MetricFamily(
        "reconciler_health_score", "From 0 to 100, of everything that is watched.",
        health.score.map { [.init([], Double($0))] } ?? []),
      family("reconciler_proxy_healthy", "1 healthy, 0 unhealthy, absent while not known.") {
        $0.health == .unknown ? nil : $0.health == .healthy ? 1 : 0
      },
      family("reconciler_proxy_health_score", "From 0 to 100.") { $0.score.map(Double.init) },
      family("reconciler_proxy_availability_ratio", "Share of the checks of 24 hours that succeeded.") {
        $0.availability.day
      },
      MetricFamily(
        "reconciler_proxy_latency_seconds", "Latency of the checks of 24 hours.", health.proxies.flatMap(latencies)),
      family("reconciler_proxy_error_budget_ratio", "Share of the week's error budget that is left.") {
        $0.objective.errorBudget
      },
      family("reconciler_proxy_burn_rate", "How fast the last day used the week's error budget; 1 lasts just a week.") {
        $0.objective.burnRate
      },
    ]
  }

  private static func latencies(_ proxy: HealthReport.Proxy) -> [MetricFamily.Sample] {
    [("0.5", proxy.latency.p50), ("0.95", proxy.latency.p95), ("0.99", proxy.latency.p99)].compactMap {
      quantile, value in
      value.map { .init([("name", proxy.name), ("quantile", quantile)], $0 / 1000) }
    }
  }
}
