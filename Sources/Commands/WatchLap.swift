import DesiredFiles
import Model
import NPMClient
import Planning
import Platform
import Probe
import Reconciler
import Store

/// One lap of the daemon after the other: the lap of an apply, and what is worth saying about it, once.
actor WatchLap {
  private let bench: Workbench
  private let settings: LapSettings
  private let gateway: LiveNPM
  private let stop: StopSignal
  private let manager: ServiceManager
  /// The last desired state without mistakes.
  private var good: DesiredState?
  /// Since when the files have mistakes.
  private var invalidSince: Timestamp?
  /// How things stood when it was last said.
  private var standing = ""
  private var retries = RetryHold()
  private var monitor: HealthMonitor?
  private var alerts: WatchAlerts?
  private var matters = Matters()
  private var news = LapNews()
  /// When old events and runs were dropped last.
  private var droppedAt = ContinuousClock.now
  /// Hosts whose change waits for their destination.
  private var waiting: Set<String> = []

  private var console: Console { bench.invocation.console }

  /// Seconds that a lap waits for another run, an apply by hand for example.
  private static let lockPatience = 5.0

  init(_ bench: Workbench, stop: StopSignal, manager: ServiceManager) throws {
    self.bench = bench
    self.stop = stop
    self.manager = manager
    settings = try bench.lapSettings()
    gateway = try bench.gateway()
  }

  /// From now on each lap says what is to be watched.
  func attach(_ monitor: HealthMonitor, _ alerts: WatchAlerts) {
    self.monitor = monitor
    self.alerts = alerts
  }

  func run(_ triggers: [Trigger]) async -> LapResult {
    let result = await once(triggers)
    await look()
    return result
  }

  /// Whether something is wrong that somebody should be told.
  private func look() async {
    await alerts?.look(good == nil ? nil : await monitor?.view, matters, at: .now)
  }

  private func once(_ triggers: [Trigger]) async -> LapResult {
    defer { Process.returnMemory() }
    console.info("lap: \(triggers.map(\.rawValue).joined(separator: ", "))")
    // Who asks, or corrects a file, wants to know now.
    if triggers != [.interval] { retries.clear() }
    do {
      let lock = try await RunLock.take(beside: bench.settings.state, timeout: Self.lockPatience, stop: stop)
      defer { withExtendedLifetime(lock) {} }
      let store = try bench.store(createsIt: true)
      guard let desired = await load(store) else { return .settled }
      await monitor?.watch(bench.settings.daemon.health.targets(desired))
      return try await lap(desired, store)
    } catch let failure as CommandFailure {
      await trouble(failure.diagnostics.first)
    } catch let error as NPMError {
      await trouble(error.diagnostic)
    } catch let error as StoreError {
      await trouble(error.diagnostic)
    } catch {
      await trouble(Diagnostic(.internalError, "\(error)"))
    }
    return .troubled
  }

  /// What is desired: the files, or what they last said without mistakes; nil: they never did.
  private func load(_ store: any StateStore) async -> DesiredState? {
    let loaded = DesiredLoader.load(bench.settings.desired)
    guard loaded.diagnostics.hasErrors else {
      if invalidSince != nil { console.say("the desired files are right again") }
      invalidSince = nil
      matters.noteDesired(nil, at: .now)
      good = loaded.state
      return good
    }
    let errors = loaded.diagnostics.filter { $0.severity == .error }
    invalidSince = invalidSince ?? .now
    let more = errors.count > 1 ? " and \(errors.count - 1) more" : ""
    let first = errors[0].location.map { "\($0.file):\($0.line): \(errors[0].message)" } ?? errors[0].message
    matters.noteDesired(first + more, at: .now)
    let rest = good == nil ? "nothing is done until then" : "the last good ones stay in force"
    await stand("the desired files have mistakes: \(first)\(more); \(rest)", .error, "DesiredInvalid", store)
    if good == nil { markInvalid(first + more) }
    return good
  }

  private func lap(_ desired: DesiredState, _ store: any StateStore) async throws -> LapResult {
    let run = ReconcileRun(gateway: gateway, store: store, prober: bench.prober, settings: settings)
    let now = ContinuousClock.now
    let planned = try await run.plan(desired)
    var news = news
    await run.tell(planned, &news)
    self.news = news
    if now - droppedAt > .seconds(3600) {
      droppedAt = now
      try? await run.dropOld()
    }
    let lap = held(planned, at: now)
    waiting = Set(lap.plan.changes.filter { $0.obstacle?.code == .destinationFailed }.map(\.key.name))
    guard lap.refusals.isEmpty else {
      try await run.remember(lap)
      matters.note(lap, nil, days: bench.settings.certificateDays.warning, at: .now)
      await writeStatus(lap, nil)
      await stand("refused: \(lap.refusals[0].message)", .error, "Refused", store)
      return .settled
    }
    let lease = try await RunLock.lease(store, bench, timeout: Self.lockPatience, stop: stop)
    let report = try await lease.hold { [console, stop] in
      try await run.apply(lap, stop: stop) { console.say(WatchText.line($0)) }
    }
    for outcome in report.outcomes { retries.note(outcome, at: now) }
    matters.note(lap, report, days: bench.settings.certificateDays.warning, at: .now)
    await writeStatus(lap, report)
    if invalidSince == nil {
      let (words, isGood) = WatchText.standing(lap, report)
      await stand(words, isGood ? .info : .warning, isGood ? "InSync" : "OutOfSync", store)
    }
    let isAway = report.outcomes.contains { $0.error.map(\.code.isUpstreamAway) == true }
    return isAway || report.unrepaired != nil ? .troubled : .settled
  }

  /// Without what is only to be reported, and what failed a moment ago.
  private func held(_ planned: PlannedLap, at now: ContinuousClock.Instant) -> PlannedLap {
    var lap = planned
    let own = Dictionary(lap.desired.resources.map { ($0.key, $0.selfHeals) }) { first, _ in first }
    let heals = bench.settings.daemon.selfHeals
    lap.plan.withhold { $0.cause == .drifted && (own[$0.key].flatMap(\.self) ?? heals) == false }
    lap.plan.withhold { retries.holds($0, at: now) }
    return lap
  }

  private func trouble(_ diagnostic: Diagnostic?) async {
    if let diagnostic { matters.note(diagnostic, at: .now) }
    let words = diagnostic.map { "\($0.message) [\($0.code.rawValue)]" } ?? "unknown"
    await stand(words, .warning, "Trouble", try? bench.store(createsIt: false))
  }

  /// Says how things stand, where that is news.
  private func stand(
    _ words: String, _ severity: Event.Severity, _ reason: String, _ store: (any StateStore)?
  ) async {
    guard words != standing else { return }
    standing = words
    console.say(words)
    manager.status(words)
    let event = Event(
      severity, source: "watch", subject: "daemon", reason: reason, words, correlation: bench.correlation)
    try? await store?.append(event, at: .now)
  }

  /// Takes in whose health changed; returns whether a change waits for one of them.
  func note(_ transitions: [HealthTransition], _ view: HealthView) async -> Bool {
    let records = Dictionary(view.records.map { ($0.target.name, $0) }) { first, _ in first }
    let events = HealthNews.events(transitions, records, correlation: bench.correlation)
    for event in events { console.say(event.message) }
    if !events.isEmpty, let store = try? bench.store(createsIt: false) {
      for event in events { try? await store.append(event, at: view.at) }
    }
    bench.keepStatus { try $0.write(view) }
    await look()
    return transitions.contains { $0.after == .healthy && waiting.contains($0.name) }
  }

  private func writeStatus(_ lap: PlannedLap, _ report: RunReport?) async {
    let view = await monitor?.view
    bench.keepStatus { try $0.write(lap, report, view, at: .now) }
    if invalidSince != nil { markInvalid("the last good ones stay in force") }
  }

  private func markInvalid(_ words: String) {
    guard let since = invalidSince else { return }
    let message = "the desired files have mistakes: \(words)"
    try? StatusFiles(directory: bench.settings.status, settings: settings)
      .set("DesiredValid", "False", reason: "DesiredInvalid", message, since: since)
  }
}

/// Lines of the daemon's log.
enum WatchText {
  static func line(_ outcome: ChangeOutcome) -> String {
    let what = "\(outcome.change.action.word) \(outcome.change.key.path)"
    guard let error = outcome.error else { return "\(what): \(outcome.note)" }
    let place = (error.location ?? outcome.change.source).map { " (\($0.file):\($0.line))" } ?? ""
    return "\(what) \(outcome.verdict == .failed ? "failed" : "not attempted"): \(error.message)\(place)"
  }

  /// How things stand after a lap; the same words for the same state.
  static func standing(_ lap: PlannedLap, _ report: RunReport) -> (words: String, isGood: Bool) {
    let failed = report.outcomes.filter { $0.verdict != .applied }.map(\.change.key.name)
    let blocked = lap.plan.changes.filter(\.isBlocked).map(\.key.name)
    let held = lap.plan.withheld.map(\.key.name)
    let parts = [("failed", failed), ("blocked", blocked), ("held back", held)].filter { !$0.1.isEmpty }
    guard parts.isEmpty else {
      return (parts.map { "\($0.0): \($0.1.sorted().joined(separator: ", "))" }.joined(separator: "; "), false)
    }
    return ("in sync: \(Words.count(lap.desired.resources.count, "object"))", true)
  }
}
