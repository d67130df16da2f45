import Publishing
import Alerting
import Model
import Platform
import Reconciler
import Store

/// The alerts of the daemon: what decides, and what tells.
struct WatchAlerts: Sendable {
  private let context: CommandContext
  private let desk: AlertEvaluator
  private let couriers: [OutboxWorker]
  /// Starts of the daemon within a week.
  private let starts: [Timestamp]
  private let hasJustStarted = Lock(true)

  init(_ context: CommandContext) async {
    self.context = context
    let daemon = context.settings.daemon
    let path = context.settings.state
    let open: @Sendable () throws -> any AlertStore = { try SQLiteStore(path: path) }
    starts = (try? await open().noteStart(at: .now)) ?? []
    try? await open().keepOutbox(of: daemon.sinks.map(\.name))
    desk = AlertEvaluator(rules: daemon.rules, sinks: daemon.sinks, store: open)
    couriers = daemon.sinks.map { sink in
      OutboxWorker(context.sink(sink), store: open, report: { await context.note($0) })
    }
  }

  func look(_ view: HealthSnapshot?, _ matters: ConditionTracker, at now: Timestamp) async {
    var facts = AlertInput(view, matters, starts: starts, certificateDays: context.settings.certificateDays)
    facts.hasJustStarted = hasJustStarted.withLock { isFirst in
      defer { isFirst = false }
      return isFirst
    }
    facts.maximumRestarts = context.settings.daemon.maximumRestarts
    let notices = await desk.look(facts, at: now)
    guard !notices.isEmpty else { return }
    await context.append(notices.map { Event($0, correlation: context.correlation) })
    for courier in couriers { courier.wake() }
  }

  /// Returns when `stop` was requested; what is not told yet is told after the next start.
  func run(stop: ShutdownSignal) async {
    await withTaskGroup(of: Void.self) { group in
      for courier in couriers { group.addTask { await courier.run(stop: stop) } }
      await stop.wait()
      group.cancelAll()
    }
  }
}

extension CommandContext {
  func sink(_ settings: ReceiverConfiguration) -> Notifier {
    Notifier(settings, owner: self.settings.owner, transport: engine) { [console = invocation.console] in
      console.say($0)
    }
  }

  /// Writes into the log of events, where it can be written.
  func append(_ events: [Event]) async {
    guard !events.isEmpty, let store = try? store(createsIt: false) else { return }
    for event in events { try? await store.append(event, at: .now) }
  }

  fileprivate func note(_ news: OutboxWorker.News) async {
    func event(_ severity: Event.Severity, _ sink: String, _ reason: String, _ words: String) -> Event {
      Event(
        severity, source: "alerts", subject: "sink/\(sink)", reason: reason, "alert sink '\(sink)' \(words)",
        correlation: correlation)
    }
    let found =
      switch news {
      case .failing(let sink, let reason):
        event(.warning, sink, "SinkFailing", "cannot be told, and is tried again: \(reason)")
      case .recovered(let sink): event(.info, sink, "SinkRecovered", "can be told again")
      case .undelivered(let sink, let notice, let reason):
        event(.error, sink, "AlertUndelivered", "was not told of '\(notice.title)': \(reason)")
      }
    invocation.console.say(found.message)
    await append([found])
  }
}

extension Event {
  /// An alert as it stands in the log.
  init(_ notice: AlertNotification, correlation: String) {
    let severity: Severity =
      notice.kind == .resolved ? .info : [.info: .info, .warning: .warning][notice.alert.severity] ?? .error
    self.init(
      severity, source: "alerts", subject: notice.alert.key,
      reason: notice.kind == .firing ? "AlertFiring" : "AlertResolved", notice.title, correlation: correlation)
  }
}
