import Metrics
import Model
import Platform

/// The status files as metrics, derived only from their content.
enum StatusMetrics {
  static func families(_ status: JSONValue, _ drift: JSONValue, _ health: JSONValue) -> [MetricFamily] {
    reconciliation(status, drift) + monitor(health)
  }

  private static func reconciliation(_ status: JSONValue, _ drift: JSONValue) -> [MetricFamily] {
    let counts = status["counts"].objectValue ?? [:]
    return [
      MetricFamily(
        "reconciler_last_reconcile_timestamp_seconds", "When the last reconciliation ended.",
        time(status["last_reconcile"]["at"]).map { [.init([], $0)] } ?? []),
      MetricFamily(
        "reconciler_last_reconcile_duration_seconds", "How long the last reconciliation that wrote took.",
        status["last_reconcile"]["seconds"].doubleValue.map { [.init([], $0)] } ?? []),
      MetricFamily(
        "reconciler_objects", "Objects by what the last reconciliation found of them.",
        counts.sorted { $0.key < $1.key }.compactMap { name, value in
          value.doubleValue.map { .init([("state", name)], $0) }
        }),
      MetricFamily(
        "reconciler_condition", "1 where a condition of status.json is true, 0 where it is false or not known.",
        (status["conditions"].arrayValue ?? []).map { condition in
          .init([("type", condition["type"].summary)], condition["status"] == "True" ? 1 : 0)
        }),
      MetricFamily(
        "reconciler_drifted_objects", "Objects that were changed in NPM and not repaired.",
        Double(drift["drift"].arrayValue?.count ?? 0)),
    ]
  }

  private static func monitor(_ health: JSONValue) -> [MetricFamily] {
    guard let proxies = health["proxies"].arrayValue else { return [] }
    func family(_ name: String, _ help: String, _ value: (JSONValue) -> Double?) -> MetricFamily {
      MetricFamily(
        name, help,
        proxies.compactMap { proxy in value(proxy).map { .init([("name", proxy["name"].summary)], $0) } })
    }
    return [
      MetricFamily(
        "reconciler_health_written_timestamp_seconds", "When health was written last.",
        time(health["written_at"]).map { [.init([], $0)] } ?? []),
      MetricFamily(
        "reconciler_health_score", "From 0 to 100, of everything that is watched.",
        health["score"].doubleValue.map { [.init([], $0)] } ?? []),
      family("reconciler_proxy_healthy", "1 healthy, 0 unhealthy, absent while not known.") {
        $0["health"] == "healthy" ? 1 : $0["health"] == "unhealthy" ? 0 : nil
      },
      family("reconciler_proxy_health_score", "From 0 to 100.") { $0["score"].doubleValue },
      family("reconciler_proxy_availability_ratio", "Share of the checks of 24 hours that succeeded.") {
        $0["availability"]["24h"].doubleValue
      },
      MetricFamily(
        "reconciler_proxy_latency_seconds", "Latency of the checks of 24 hours.",
        proxies.flatMap { proxy in
          ["50", "95", "99"].compactMap { percent in
            proxy["latency_ms"]["p\(percent)"].doubleValue.map {
              .init([("name", proxy["name"].summary), ("percentile", percent)], $0 / 1000)
            }
          }
        }),
      family("reconciler_proxy_error_budget_ratio", "Share of the week's error budget that is left.") {
        $0["slo"]["error_budget"].doubleValue
      },
      family("reconciler_proxy_burn_rate", "How fast the last day used the week's error budget; 1 lasts just a week.") {
        $0["slo"]["burn_rate"].doubleValue
      },
    ]
  }

  private static func time(_ value: JSONValue) -> Double? {
    value.stringValue.flatMap { Timestamp(iso8601: $0) }?.seconds
  }
}
