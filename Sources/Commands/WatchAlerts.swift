import AlertSinks
import Alerting
import Model
import Platform
import Reconciler
import Store

/// The alerts of the daemon: what decides, and what tells.
struct WatchAlerts: Sendable {
  private let bench: Workbench
  private let desk: AlertDesk
  private let couriers: [AlertCourier]
  /// Starts of the daemon within a week.
  private let starts: [Timestamp]
  private let hasJustStarted = Lock(true)

  init(_ bench: Workbench) async {
    self.bench = bench
    let daemon = bench.settings.daemon
    let path = bench.settings.state
    let open: @Sendable () throws -> any AlertStore = { try SQLiteStore(path: path) }
    starts = (try? await open().noteStart(at: .now)) ?? []
    try? await open().keepOutbox(of: daemon.sinks.map(\.name))
    desk = AlertDesk(rules: daemon.rules, sinks: daemon.sinks, store: open)
    couriers = daemon.sinks.map { sink in
      AlertCourier(bench.sink(sink), store: open, report: { await bench.note($0) })
    }
  }

  func look(_ view: HealthView?, _ matters: Matters, at now: Timestamp) async {
    var facts = AlertFacts(view, matters, starts: starts, certificateDays: bench.settings.certificateDays)
    facts.hasJustStarted = hasJustStarted.withLock { isFirst in
      defer { isFirst = false }
      return isFirst
    }
    facts.maximumRestarts = bench.settings.daemon.maximumRestarts
    let notices = await desk.look(facts, at: now)
    guard !notices.isEmpty else { return }
    await bench.append(notices.map { Event($0, correlation: bench.correlation) })
    for courier in couriers { courier.wake() }
  }

  /// Returns when `stop` was requested; what is not told yet is told after the next start.
  func run(stop: StopSignal) async {
    await withTaskGroup(of: Void.self) { group in
      for courier in couriers { group.addTask { await courier.run(stop: stop) } }
      await stop.wait()
      group.cancelAll()
    }
  }
}

extension Workbench {
  func sink(_ settings: SinkSettings) -> AlertSink {
    AlertSink(settings, owner: self.settings.owner, transport: engine) { [console = invocation.console] in
      console.say($0)
    }
  }

  /// Writes into the log of events, where it can be written.
  func append(_ events: [Event]) async {
    guard !events.isEmpty, let store = try? store(createsIt: false) else { return }
    for event in events { try? await store.append(event, at: .now) }
  }

  fileprivate func note(_ news: AlertCourier.News) async {
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
  init(_ notice: AlertNotice, correlation: String) {
    let severity: Severity =
      notice.kind == .resolved ? .info : [.info: .info, .warning: .warning][notice.alert.severity] ?? .error
    self.init(
      severity, source: "alerts", subject: notice.alert.key,
      reason: notice.kind == .firing ? "AlertFiring" : "AlertResolved", notice.title, correlation: correlation)
  }
}
