import Daemon
import HTTPServer
import Metrics
import Model
import Platform
import Reconciler
import Reports
import Store

/// `/metrics`: the status files' metrics, those of the daemon and of this API.
struct MetricRoutes {
  private let source: APISource
  private let requests: RequestMetrics
  private let connections: @Sendable () -> (open: Int, streams: Int)
  private let workflows: WorkflowDesk
  private let texts = MetricTexts()

  init(
    _ source: APISource, _ requests: RequestMetrics, _ workflows: WorkflowDesk,
    connections: @escaping @Sendable () -> (open: Int, streams: Int)
  ) {
    self.workflows = workflows
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
        let text = await texts.text(format) { PrometheusText.text(await families(), as: format) }
        return HTTPResponse(status: 200, headers: [("Content-Type", format.mediaType)], body: text)
      }
    ]
  }

  private func families() async -> [MetricFamily] {
    let snapshot = source.snapshot()
    var document = snapshot.document
    document.health = await source.health().map(HealthReport.init)
    return [MetricFamily("service_up", "1: the daemon works.", source.goesOn() ? 1 : 0)]
      + StatusMetrics.families(document) + daemon(snapshot) + requests.families() + source.meters.families()
      + process(snapshot) + (await queues())
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

  private func queues() async -> [MetricFamily] {
    let (waiting, running) = await workflows.load
    var families = [
      MetricFamily("reconciler_workflows_queued", "Workflows that wait.", Double(waiting)),
      MetricFamily("reconciler_workflows_running", "Workflows that run.", Double(running)),
    ]
    if let pending = try? await source.stores.ask({ try await $0.alerts.pending().count }) {
      families.append(
        MetricFamily("reconciler_alert_notifications_pending", "Notifications that wait.", Double(pending)))
    }
    return families
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

/// The text of the metrics, made once a second at most, for all that ask in that time.
actor MetricTexts {
  private var made: [PrometheusText.Format: (text: [UInt8], at: ContinuousClock.Instant)] = [:]
  private var making: [PrometheusText.Format: Task<[UInt8], Never>] = [:]

  /// Scrapers come every few seconds.
  private static let age = Duration.seconds(1)

  func text(_ format: PrometheusText.Format, make: @escaping @Sendable () async -> String) async -> [UInt8] {
    if let known = made[format], .now - known.at < Self.age { return known.text }
    let task = making[format] ?? Task { Array(await make().utf8) }
    making[format] = task
    let text = await task.value
    if making[format] == task {
      making[format] = nil
      made[format] = (text, .now)
    }
    return text
  }
}
