import Probe
import Model
package import Reconciler
import Reports

/// Writes the status files after each update; a failure to write them is logged once.
package actor StatusPublisher: DaemonSubscriber {
  private let directory: String
  private let options: ReconcileOptions
  private let log: any DaemonLogger
  private var problem = ""

  package init(directory: String, options: ReconcileOptions, log: any DaemonLogger) {
    self.directory = directory
    self.options = options
    self.log = log
  }

  package func receive(_ update: DaemonUpdate) {
    guard let report = update.report else {
      if let health = update.snapshot.health { write(options) { try $0.write(health) } }
      return
    }
    write(report.options) { files in
      switch report.outcome {
      case .noDesiredState: break
      case .failed(let diagnostic, let since):
        if let health = update.snapshot.health, !health.records.isEmpty { try files.write(health) }
        // Whatever was true when NPM was last read, nothing is known about it now.
        try files.set(
          "InSync", "Unknown", reason: "ReconcileFailed", "the last reconciliation failed: \(diagnostic.message)",
          since: since)
      case .refused(let planned): try files.write(planned, nil, update.snapshot.health, at: report.finishedAt)
      case .applied(let planned, let result):
        try files.write(planned, result, update.snapshot.health, at: report.finishedAt)
      }
      guard let problem = report.source.problem else { return }
      try files.set("DesiredValid", "False", reason: problem.reason, problem.message, since: problem.since)
    }
  }

  private func write(_ options: ReconcileOptions, _ body: (StatusFiles) throws -> Void) {
    do {
      try body(StatusFiles(directory: directory, settings: options))
      problem = ""
    } catch {
      if problem != "\(error)" { log.log("the status files cannot be written: \(error)") }
      problem = "\(error)"
    }
  }
}
