import Daemon
import Metrics
import Model
import Planning
import Platform
import Probe
import Reconciler
import Store
import Upstream

/// Tells the metrics of each reconciliation.
struct ReconcileMeter: DaemonSubscriber {
  let meters: MeterRegistry

  func receive(_ update: DaemonUpdate) async {
    guard let report = update.report else { return }
    let outcome =
      switch report.outcome {
      case .noDesiredState: "nothing_desired"
      case .failed: "failed"
      case .refused: "refused"
      case .applied: "applied"
      }
    meters.time(
      "reconciler_reconciliation_seconds", "Time of a reconciliation, by how it ended.", [("outcome", outcome)],
      seconds: report.seconds)
    for (action, count) in Dictionary(grouping: report.planned?.plan.changes ?? [], by: \.action.kind.rawValue) {
      meters.count(
        "reconciler_plan_changes_total", "Changes of plans, by action.", [("action", action)], by: Double(count.count))
    }
    for (outcome, all) in Dictionary(grouping: report.applied?.outcomes ?? [], by: \.status.rawValue) {
      meters.count(
        "reconciler_apply_changes_total", "Changes that were applied, by outcome.", [("outcome", outcome)],
        by: Double(all.count))
    }
  }
}

/// What the parts of a daemon tell its metrics.
extension MeterRegistry {
  func note(_ call: UpstreamObservation, of upstream: String) {
    let outcome = call.status.map { "\($0 / 100)xx" } ?? "failed"
    count(
      "reconciler_upstream_requests_total", "Calls by what came of them.",
      [("upstream", upstream), ("outcome", outcome)])
    if call.retries > 0 {
      count(
        "reconciler_upstream_retries_total", "Attempts beyond the first.", [("upstream", upstream)],
        by: Double(call.retries))
    }
    // Each phase ends where the next begins; 0: it was not reached, or a connection was used again.
    var before = 0.0
    for (phase, end) in [
      ("lookup", call.resolved), ("connect", call.connected), ("tls", call.secured), ("wait", call.firstByte),
      ("body", call.total),
    ] where end > before {
      time(
        "reconciler_upstream_phase_seconds", "Time of each phase of the last attempt.",
        [("upstream", upstream), ("phase", phase)], seconds: end - before)
      before = end
    }
  }

  func note(_ result: ProbeResult) {
    for step in result.steps where step.status != .skipped {
      let labels = [("step", step.step.rawValue)]
      count(
        "reconciler_probe_steps_total", "Steps of destination checks.", labels + [("status", step.status.rawValue)])
      if let milliseconds = step.milliseconds, step.step != .syntax {
        time("reconciler_probe_step_seconds", "Time of a step.", labels, seconds: milliseconds / 1000)
      }
    }
  }

  func noteDelivery(of receiver: String, wasDelivered: Bool) {
    count(
      "reconciler_alert_deliveries_total", "Attempts to deliver notifications.",
      [("receiver", receiver), ("outcome", wasDelivered ? "delivered" : "failed")])
  }

  func watch(_ upstream: UpstreamClient, named name: String) {
    gauge(
      "reconciler_upstream_breaker_open", "1: calls are refused until it closes.", [("upstream", name)],
      read: { upstream.isRefusing ? 1 : 0 })
    gauge(
      "reconciler_upstream_in_flight", "Calls that have no answer yet.", [("upstream", name)],
      read: { Double(upstream.inFlight) })
  }

  /// - Parameter path: of the database; its log is beside it.
  func watchStore(_ path: String) {
    gauge("reconciler_store_bytes", "Size of the store on the disk.") {
      let sizes = ["", "-wal"].compactMap { Files.size("\(path)\($0)") }
      return sizes.isEmpty ? nil : Double(sizes.reduce(0, +))
    }
  }
}
