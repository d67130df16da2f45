import DesiredFiles
import Model
import NPMClient
import Planning
import Platform
import Probe
import Reconciler
import Store

/// One pass of the daemon after the other: the pass of an apply, and what is worth saying about it, once.
actor WatchLap {
  private let context: CommandContext
  private var settings: ReconcileOptions
  private let gateway: RESTGateway
  private let stop: ShutdownSignal
  private let voice: WatchVoice
  private let source: DesiredSource
  /// Whether there is a desired state without mistakes.
  private var hasDesired = false
  /// What is wrong with the files, since when.
  private var invalid: (words: String, reason: String, since: Timestamp)?
  private var retries = FailureBackoff()
  /// Since when passes fail on their way.
  private var troubleSince: Timestamp?
  private var monitor: HealthMonitor?
  private var alerts: WatchAlerts?
  private var files: FileWatch?
  private var matters = ConditionTracker()
  private var news = PlanEventRecorder()
  private var healthNews = HealthEventRecorder()
  /// When old events and runs were dropped last.
  private var droppedAt = ContinuousClock.now
  /// What NPM served after the last pass that could tell.
  private var served: Set<ResourceKey> = []
  /// Hosts whose change waits for their destination.
  private var waiting: Set<String> = []

  private var console: Console { context.invocation.console }

  /// Seconds that a pass waits for another run, an apply by hand for example.
  private static let lockPatience = 5.0

  init(_ context: CommandContext, stop: ShutdownSignal, manager: SystemdNotifier) throws {
    self.context = context
    self.stop = stop
    voice = WatchVoice(context, manager)
    settings = try context.reconcileOptions()
    settings.windows = context.settings.daemon.windows
    gateway = try context.gateway()
    source = DesiredSource(context.settings)
  }

  /// From now on each pass says what is to be watched: hosts, and files that desired files name.
  func attach(_ monitor: HealthMonitor, _ alerts: WatchAlerts, _ files: FileWatch?) {
    self.files = files
    self.monitor = monitor
    self.alerts = alerts
  }

  func run(_ triggers: [Trigger]) async -> ReconcileResult {
    let result = await once(triggers)
    await look()
    return result
  }

  /// Whether something is wrong that somebody should be told.
  private func look() async {
    await alerts?.look(hasDesired ? await monitor?.view : nil, matters, at: .now)
  }

  private func once(_ triggers: [Trigger]) async -> ReconcileResult {
    defer { CurrentProcess.trimHeap() }
    console.info("reconcile: \(triggers.map(\.rawValue).joined(separator: ", "))")
    // Who asks, or corrects a file, wants to know now.
    if triggers != [.interval] { retries.clear() }
    let reading = await stop.cancelling { [source] in await source.read() }
    files?.follow(reading.referred)
    // What was given up says nothing.
    if stop.isRequested { return .done }
    do {
      let lock = try await ApplyLock.take(beside: context.settings.state, timeout: Self.lockPatience, stop: stop)
      defer { withExtendedLifetime(lock) {} }
      let store = try context.store(createsIt: true)
      guard let desired = await take(reading) else { return .done }
      await watch(desired)
      return try await planned(desired, store)
    } catch let failure as CommandFailure {
      await trouble(failure.diagnostics.first)
    } catch let error as NPMError {
      await trouble(error.diagnostic)
    } catch let error as StoreError {
      await trouble(error.diagnostic)
    } catch {
      await trouble(Diagnostic(.internalError, "\(error)"))
    }
    return .requeue
  }

  private func watch(_ desired: DesiredState) async {
    await monitor?.watch(context.settings.daemon.health.targets(desired, served: served))
  }

  /// What is to be brought about, after saying what is to be said about where it comes from; nil: nothing yet.
  private func take(_ reading: DesiredSource.Reading) async -> DesiredState? {
    hasDesired = reading.desired != nil
    if let commit = reading.commit, commit != settings.commit {
      settings.commit = commit
      await voice.tell(.info, "Commit", "commit \(commit.short) by \(commit.author): \(commit.subject)")
    }
    if let words = reading.mistakes {
      await note("the desired files have mistakes: \(words)", "DesiredInvalid")
    } else if let problem = reading.problem {
      await note("\(problem)", problem.isForced ? "ForcePush" : "SourceUnreachable")
    } else {
      if invalid != nil { console.say("the newest desired files are in force again") }
      invalid = nil
      matters.noteDesired(nil, at: .now)
    }
    if !hasDesired { await markInvalid() }
    return reading.desired
  }

  /// Why the newest files are not in force.
  private func note(_ words: String, _ reason: String) async {
    invalid = (words, reason, invalid?.since ?? .now)
    matters.noteDesired(words, at: .now)
    let rest = hasDesired ? "what was right last stays in force" : "nothing is done until then"
    await voice.stand("\(words); \(rest)", .error, reason)
  }

  private func planned(_ desired: DesiredState, _ store: any StateStore) async throws -> ReconcileResult {
    let run = Reconciliation(
      gateway: gateway, store: store, prober: context.prober, known: await monitor?.recentSuccesses() ?? [:],
      settings: settings)
    let now = ContinuousClock.now
    let found = try await run.plan(desired)
    var news = news
    await run.tell(found, &news)
    self.news = news
    if now - droppedAt > .seconds(3600) {
      droppedAt = now
      try? await run.prune()
    }
    troubleSince = nil
    let planned = held(found, at: now)
    waiting = Set(planned.plan.changes.filter { $0.blockReason?.code == .destinationFailed }.map(\.key.name))
    guard planned.refusals.isEmpty else {
      try await run.remember(planned)
      matters.note(planned, nil, days: context.settings.certificateDays.warning, at: .now)
      await writeStatus(planned, nil)
      await voice.stand("refused: \(planned.refusals[0].message)", .error, "Refused")
      return .done
    }
    let lease = try await ApplyLock.lease(store, context, timeout: Self.lockPatience, stop: stop)
    let report = try await lease.hold { [console, stop] in
      try await run.apply(planned, stop: stop) { console.say(WatchText.line($0)) }
    }
    for outcome in report.outcomes { retries.note(outcome, at: now) }
    served = Set(planned.plan.unchanged + report.outcomes.filter { $0.status == .applied }.map(\.change.key))
      .union((planned.plan.changes + planned.plan.withheld).filter { $0.observed?.nginx == .online }.map(\.key))
    await watch(desired)
    matters.note(planned, report, days: context.settings.certificateDays.warning, at: .now)
    await writeStatus(planned, report)
    if invalid == nil {
      let (words, isGood) = WatchText.standing(planned, report)
      await voice.stand(words, isGood ? .info : .warning, isGood ? "InSync" : "OutOfSync")
    }
    let isAway = report.outcomes.contains { $0.error.map(\.code.isUpstreamAway) == true }
    return isAway || report.unrepaired != nil ? .requeue : .done
  }

  /// Without what is only to be reported, and what failed a moment ago.
  private func held(_ found: PlanResult, at now: ContinuousClock.Instant) -> PlanResult {
    var planned = found
    let own = Dictionary(planned.desired.resources.map { ($0.key, $0.selfHeals) }) { first, _ in first }
    let heals = context.settings.daemon.selfHeals
    planned.plan.withhold { $0.cause == .drifted && (own[$0.key].flatMap(\.self) ?? heals) == false }
    let before = Set(planned.plan.withheld.map(\.key))
    planned.plan.withhold { retries.holds($0, at: now) }
    planned.retrying = Set(planned.plan.withheld.map(\.key)).subtracting(before).filter(retries.hasFailed)
    return planned
  }

  private func trouble(_ diagnostic: Diagnostic?) async {
    if let diagnostic {
      matters.note(diagnostic, at: .now)
      let since = troubleSince ?? .now
      troubleSince = since
      if let view = await monitor?.view, !view.records.isEmpty {
        await voice.keepStatus(settings) { try $0.write(view) }
      }
      // Whatever was true when somebody looked last, nobody knows it now.
      await voice.keepStatus(settings) {
        try $0.set(
          "InSync", "Unknown", reason: "ReconcileFailed", "the last reconciliation failed: \(diagnostic.message)",
          since: since)
      }
    }
    let words = diagnostic.map { "\($0.message) [\($0.code.rawValue)]" } ?? "unknown"
    // NPM that is away is one piece of news, however each attempt finds that out.
    let isAway = diagnostic?.code.isUpstreamAway == true
    await voice.stand(words, .warning, "Trouble", as: isAway ? "away" : nil)
  }

  /// Takes in whose health changed; returns whether a change waits for one of them.
  func note(_ transitions: [HealthTransition], _ view: HealthSnapshot) async -> Bool {
    defer { CurrentProcess.trimHeap() }
    let records = Dictionary(view.records.map { ($0.target.name, $0) }) { first, _ in first }
    let events = healthNews.events(transitions, records, correlation: context.correlation)
    for event in events { console.say(event.message) }
    await context.append(events)
    await voice.keepStatus(settings) { try $0.write(view) }
    await look()
    return transitions.contains { $0.after == .healthy && waiting.contains($0.name) }
  }

  private func writeStatus(_ planned: PlanResult, _ report: ApplyResult?) async {
    let view = await monitor?.view
    await voice.keepStatus(settings) { try $0.write(planned, report, view, at: .now) }
    await markInvalid()
  }

  /// Adds to the status files what a pass does not see.
  private func markInvalid() async {
    guard let invalid else { return }
    await voice.keepStatus(settings) {
      try $0.set("DesiredValid", "False", reason: invalid.reason, invalid.words, since: invalid.since)
    }
  }
}
