import Model
import Platform
import Probe
package import Reports

/// Writes the status files after each update; a failure to write them is logged once.
package actor StatusPublisher: DaemonSubscriber {
  private let files: StatusFiles
  private let interval: Double
  private let log: any DaemonLogger
  private let executor = QueueExecutor("status files")
  private var problem = ProblemLog("the status files cannot be written", end: "the status files are written again")

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// - Parameter interval: seconds within which there is another update.
  package init(_ files: StatusFiles, interval: Double, log: any DaemonLogger) {
    self.files = files
    self.interval = interval
    self.log = log
  }

  package nonisolated var backlog: Int { 1 }

  package func receive(_ update: DaemonUpdate) {
    do {
      try files.write(document(update))
      CurrentProcess.trimHeap()
      problem.note(nil, in: log)
    } catch {
      problem.note(error, in: log)
    }
  }

  private func document(_ update: DaemonUpdate) -> StatusDocument {
    var document = update.snapshot.document
    // Until it is known what to watch, what was known before the start stays.
    document.health = update.snapshot.health.map(HealthReport.init) ?? files.readHealth()
    if update.report == nil, let written = try? files.readStatus() {
      // Another command may have changed NPM since the last reconciliation, and have said so in the files.
      if let sync = written[.inSync], sync.reason == StatusFiles.outdated { document.status.set(sync) }
    }
    if update.snapshot.lastReconciliation == nil {
      let message = "no reconciliation has ended since the start"
      document.status.forget("NotReconciled", message, since: .now) { $0 != .healthy }
    }
    document.status.daemon = .init(startedAt: update.snapshot.startedAt, writtenAt: .now, interval: interval)
    return document
  }
}
