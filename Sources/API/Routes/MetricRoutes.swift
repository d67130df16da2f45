import Daemon
import HTTPServer
import Metrics
import Model
import Platform
import Reconciler
import Reports

/// `/metrics`: the status files' metrics, those of the daemon and of this API.
struct MetricRoutes {
  private let source: APISource
  private let requests: RequestMetrics
  private let connections: @Sendable () -> (open: Int, streams: Int)

  init(
    _ source: APISource, _ requests: RequestMetrics, connections: @escaping @Sendable () -> (open: Int, streams: Int)
  ) {
    self.source = source
    self.requests = requests
    self.connections = connections
  }

  var routes: [Route] {
    let content = Dictionary(
      uniqueKeysWithValues: [PrometheusText.Format.prometheus, .openMetrics].map {
        (String($0.mediaType.prefix { $0 != ";" }), Shape.string)
      })
    return [
      Route(
        "GET", "/metrics", "getMetrics", "Metrics, as Prometheus or OpenMetrics text by `Accept`",
        answers: [.init(200, "All metrics.", content)]
      ) { request in
        let format: PrometheusText.Format =
          request.header("accept")?.contains("application/openmetrics-text") == true ? .openMetrics : .prometheus
        return .text(PrometheusText.text(await families(), as: format), type: format.mediaType)
      }
    ]
  }

  private func families() async -> [MetricFamily] {
    let snapshot = source.snapshot()
    var document = snapshot.document
    document.health = await source.health().map(HealthReport.init)
    return [MetricFamily("service_up", "1: the daemon works.", source.goesOn() ? 1 : 0)]
      + StatusMetrics.families(document) + daemon(snapshot) + requests.families() + process(snapshot)
  }

  private func daemon(_ snapshot: DaemonSnapshot) -> [MetricFamily] {
    func counter(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
      MetricFamily(name, help, Double(value), kind: .counter)
    }
    let counters = snapshot.counters
    let certificates = snapshot.certificates.compactMap { entry in
      entry.end.map { MetricFamily.Sample([("name", entry.name)], $0.seconds) }
    }
    return [
      counter("reconciler_reconciliations_total", "Reconciliations that ended.", counters.reconciliations),
      counter(
        "reconciler_reconciliations_failed_total", "Reconciliations that failed.", counters.failedReconciliations),
      counter("reconciler_changes_applied_total", "Changes that were applied.", counters.appliedChanges),
      counter("reconciler_changes_failed_total", "Changes that failed.", counters.failedChanges),
      counter(
        "reconciler_health_transitions_total", "Hosts that became healthy or unhealthy.", counters.healthTransitions),
      MetricFamily("reconciler_alerts_firing", "Alerts that fire.", Double(snapshot.alerts.count)),
      MetricFamily("reconciler_certificate_expiry_timestamp_seconds", "When a certificate in NPM ends.", certificates),
    ]
  }

  private func process(_ snapshot: DaemonSnapshot) -> [MetricFamily] {
    let now = connections()
    return [
      MetricFamily("reconciler_api_connections", "Open connections.", Double(now.open)),
      MetricFamily("reconciler_api_streams", "Open event streams.", Double(now.streams)),
      MetricFamily(
        "process_start_time_seconds", "When the daemon was started.", snapshot.startedAt.seconds),
      MetricFamily(
        "process_resident_memory_bytes", "Memory in use.",
        CurrentProcess.residentMemory.map { [.init([], Double($0))] } ?? []),
    ]
  }
}
