import Alerting
import DesiredFiles
import Model
import Platform

/// Writes changes of state to the event log and the daemon's log.
package actor EventLogger: DaemonSubscriber {
  private let events: EventWriter
  private let log: any DaemonLogger
  private let correlation: String
  private var health = HealthEventRecorder()
  private var hadProblem = false

  package init(events: EventWriter, log: any DaemonLogger, correlation: String) {
    self.events = events
    self.log = log
    self.correlation = correlation
  }

  package func receive(_ update: DaemonUpdate) async {
    switch update.cause {
    case .reconciled(let report): await record(events(report, update.newHeadline))
    case .aged: await record(events(update.newHeadline))
    case .healthChanged(let transitions):
      await record(health.events(transitions, update.snapshot.health, correlation: correlation))
    }
  }

  private func events(_ report: ReconcileReport, _ headline: Headline?) -> [Event] {
    var events: [Event] = []
    if report.source.isNewCommit, let commit = report.source.commit {
      events.append(event(.info, "Commit", "commit \(commit.short) by \(commit.author): \(commit.subject)"))
    }
    if hadProblem && report.source.problem == nil { log.log("the newest desired files are in force again") }
    hadProblem = report.source.problem != nil
    return events + self.events(headline)
  }

  private func events(_ headline: Headline?) -> [Event] {
    headline.map { [event($0.severity, $0.reason, $0.message)] } ?? []
  }

  private func event(_ severity: Event.Severity, _ reason: String, _ message: String) -> Event {
    Event(severity, source: "watch", subject: "daemon", reason: reason, message, correlation: correlation)
  }

  private func record(_ events: [Event]) async {
    for event in events { log.log(event.message) }
    await self.events.append(events)
  }
}
