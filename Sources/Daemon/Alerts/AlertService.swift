package import Configuration
package import Alerting
package import Model
package import Platform
import Probe
package import Publishing
package import Store

/// Evaluates the alert rules after each update, and has receivers notified.
package actor AlertService: DaemonSubscriber {
  package struct Dependencies: Sendable {
    package var configuration: DaemonConfiguration
    package var stores: BudgetedStores
    package var notifier: @Sendable (ReceiverConfiguration) -> Notifier
    package var log: any DaemonLogger
    package var correlation: String
    package var now: @Sendable () -> Timestamp = { .now }
    package var clock: any MonotonicClock = SystemMonotonicClock()

    package init(
      configuration: DaemonConfiguration, stores: BudgetedStores,
      notifier: @escaping @Sendable (ReceiverConfiguration) -> Notifier, log: any DaemonLogger, correlation: String
    ) {
      self.configuration = configuration
      self.stores = stores
      self.notifier = notifier
      self.log = log
      self.correlation = correlation
    }
  }

  private let dependencies: Dependencies
  private let changed: @Sendable ([Alert]) -> Void
  private let workers: [OutboxWorker]
  private let evaluator: AlertEvaluator
  private let events: EventWriter
  private var conditions = ConditionTracker()
  /// Starts of the daemon within a week.
  private var starts: [Timestamp] = []
  private var hasJustStarted = true
  private var problem = ProblemLog("alerts cannot be stored", end: "alerts are stored again")

  /// - Parameter changed: gets the alerts that fire, after each evaluation.
  package init(_ dependencies: Dependencies, events: EventWriter, changed: @escaping @Sendable ([Alert]) -> Void) async
  {
    self.dependencies = dependencies
    self.changed = changed
    let receivers = dependencies.configuration.receivers
    let unstored = UnstoredOutbox()
    evaluator = AlertEvaluator(
      rules: dependencies.configuration.rules, receivers: receivers, stores: dependencies.stores, unstored: unstored)
    self.events = events
    let recorder = ReceiverEvents(events: events, log: dependencies.log, correlation: dependencies.correlation)
    workers = receivers.map { receiver in
      OutboxWorker(
        dependencies.notifier(receiver), stores: dependencies.stores, unstored: unstored, clock: dependencies.clock,
        now: dependencies.now,
        report: { await recorder.note($0) })
    }
    do {
      starts = try await dependencies.stores.ask { [now = dependencies.now()] in
        try await $0.alerts.keepOutbox(of: receivers.map(\.name))
        return try await $0.alerts.recordStart(at: now)
      }
    } catch {
      dependencies.log.log("alerts cannot be read: \(error)")
    }
  }

  package func receive(_ update: DaemonUpdate) async {
    switch update.cause {
    case .reconciled(let report): conditions.note(report)
    case .aged(let since): if let since { conditions.note(stuckSince: since) }
    case .healthChanged: break
    }
    let hasDesired = update.snapshot.source?.hasDesired == true
    var input = AlertInput(hasDesired ? update.snapshot.health : nil, conditions, starts: starts)
    input.hasJustStarted = hasJustStarted
    hasJustStarted = false
    input.rolledBack = update.report?.rolledBack.map {
      ($0.candidate.run, $0.message, $0.candidate.keys.map(\.name).sorted())
    }
    input.maximumRestarts = dependencies.configuration.maximumRestarts
    let found = await evaluator.evaluate(input, at: dependencies.now())
    problem.note(found.problem, in: dependencies.log)
    // A reconciliation says itself what fails, unless it waits for the store as well.
    if let silence = found.problem as? StoreError, silence.code == .storeTimeout {
      conditions.note(storeProblem: silence.message, at: dependencies.now())
    }
    changed(await evaluator.alerts)
    await events.append(found.notifications.map { Event($0, correlation: dependencies.correlation) })
    if !found.notifications.isEmpty { for worker in workers { worker.wake() } }
  }

  /// Delivers what is due now.
  package func deliverDue() async { for worker in workers { _ = await worker.deliverDue() } }

  /// Delivers what is in the outbox until `stop` is requested; the rest is delivered after the next start.
  package func deliver(stop: ShutdownSignal) async {
    await withTaskGroup(of: Void.self) { group in
      for worker in workers { group.addTask { await worker.run(stop: stop) } }
      await stop.wait()
      group.cancelAll()
    }
  }
}

/// Logs and records what happens to receivers.
private struct ReceiverEvents: Sendable {
  let events: EventWriter
  let log: any DaemonLogger
  let correlation: String

  func note(_ news: OutboxWorker.News) async {
    let found =
      switch news {
      case .failing(let receiver, let reason):
        event(.warning, receiver, "SinkFailing", "cannot be notified, and is tried again: \(reason)")
      case .recovered(let receiver): event(.info, receiver, "SinkRecovered", "can be notified again")
      case .undelivered(let receiver, let notification, let reason):
        event(.error, receiver, "AlertUndelivered", "was not notified of '\(notification.title)': \(reason)")
      }
    log.log(found.message)
    await events.append([found])
  }

  private func event(_ severity: Event.Severity, _ receiver: String, _ reason: String, _ message: String) -> Event {
    Event(
      severity, source: "alerts", subject: "sink/\(receiver)", reason: reason, "alert sink '\(receiver)' \(message)",
      correlation: correlation)
  }
}

extension Event {
  /// An alert in the log of events.
  package init(_ notification: AlertNotification, correlation: String) {
    let severity: Severity =
      notification.kind == .resolved
      ? .info : [.info: .info, .warning: .warning][notification.alert.severity] ?? .error
    self.init(
      severity, source: "alerts", subject: notification.alert.key,
      reason: notification.kind == .firing ? "AlertFiring" : "AlertResolved", notification.title,
      correlation: correlation)
  }
}
