import FoundationEssentials
import Metrics
package import Model
import Platform
package import Reconciler

/// The content of the status files.
package struct StatusDocument: Hashable, Sendable {
  package var status: StatusReport
  package var drift: DriftReport?
  /// Only written by a daemon.
  package var health: HealthReport?

  package init(status: StatusReport, drift: DriftReport? = nil, health: HealthReport? = nil) {
    self.status = status
    self.drift = drift
    self.health = health
  }

  /// - Parameter result: nil: nothing was applied.
  package init(
    _ planned: PlanResult, _ result: ApplyResult?, _ summary: ReconcileSummary, _ options: ReconcileOptions,
    at now: Timestamp
  ) {
    status = StatusReport(planned, result, summary, options, at: now)
    drift = DriftReport(planned, summary, at: now)
  }

  /// What can be said of the present: nothing, where a daemon has written it and is gone.
  package func aged(at now: Timestamp) -> StatusDocument {
    guard let daemon = status.daemon, status.isAbandoned(at: now) else { return self }
    var aged = self
    let message = "the daemon has written nothing since \(daemon.writtenAt.timestamp.iso8601)"
    aged.status.forget("DaemonGone", message, since: daemon.validUntil.timestamp)
    aged.health?.forget(message)
    return aged
  }

  /// Conditions and drift that were there before keep their time; health of before is kept where there is no newer one.
  package func keepingTimes(of before: StatusDocument?, at now: Timestamp = .now) -> StatusDocument {
    guard let before else { return self }
    var status = status.keepingTimes(of: before.status)
    // A daemon that still runs goes on with the files.
    let isAlive = before.status.daemon != nil && !before.status.isAbandoned(at: now)
    if status.daemon == nil, isAlive { status.daemon = before.status.daemon }
    var known = before.health
    if !isAlive {
      let since = before.health.map { " since \($0.writtenAt.timestamp.iso8601)" } ?? ""
      known?.forget("no daemon has checked it\(since)")
      if health == nil, status[.healthy] != nil {
        status.forget("DaemonGone", "no daemon checks hosts", since: now) { $0 == .healthy }
      }
    }
    return StatusDocument(
      status: status,
      drift: before.drift.map { drift?.keepingTimes(of: $0) ?? $0 } ?? drift, health: health ?? known)
  }
}

/// The directory of the status files, for people and scripts. Each file is replaced atomically.
package struct StatusFiles: Sendable {
  private let directory: String

  /// The reason of `InSync` after a partial run.
  package static let outdated = "ChangedSince"

  package init(directory: String) { self.directory = directory }

  /// - Throws: `FileError` where `status.json` cannot be read, `DecodingError` where it is none. The other files are
  ///   optional.
  package func read() throws -> StatusDocument {
    StatusDocument(status: try readStatus(), drift: try? read(DriftReport.self, "drift.json"), health: readHealth())
  }

  package func readStatus() throws -> StatusReport { try read(StatusReport.self, "status.json") }

  /// nil: no daemon has written it, or it is damaged.
  package func readHealth() -> HealthReport? { try? read(HealthReport.self, "health.json") }

  /// - Throws: `FileError`.
  package func write(_ document: StatusDocument) throws {
    try Files.createDirectory(directory)
    if let drift = document.drift { try put("drift.json", JSONOutput.pretty(drift)) }
    if let health = document.health { try put("health.json", JSONOutput.pretty(health)) }
    try put("status.json", JSONOutput.pretty(document.status))
    try put("status.md", StatusMarkdown.text(document).raw)
    try put("metrics.prom", PrometheusText.text(StatusMetrics.families(document)))
  }

  /// Marks the files as older than a partial run that changed something.
  package func outdate(by command: String, run: Int, at now: Timestamp) throws {
    guard var document = try? read() else { return }
    let message = "run \(run) (\(command)) changed NPM since; the next diff --write-status or apply looks again"
    document.status.set(.init(.inSync, .unknown, Self.outdated, message, since: now))
    try write(document)
  }

  private func read<Report: Decodable>(_ type: Report.Type, _ name: String) throws -> Report {
    try JSONDecoder().decode(type, from: Data(Files.read("\(directory)/\(name)")))
  }

  private func put(_ name: String, _ text: String) throws {
    try Files.replace("\(directory)/\(name)", with: Array((text.hasSuffix("\n") ? text : text + "\n").utf8))
  }
}
