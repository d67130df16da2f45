package import Model

/// The state of the monitor: its targets, their schedule and their health. A value type: checks are its input,
/// transitions its output.
package struct HealthState: Sendable {
  package struct Record: Sendable {
    package var target: HealthTarget
    package var memory: PersistedHealth
    /// nil: none since the start.
    package var last: HealthCheck?
    /// The last failed check since the start.
    package var lastFailure: HealthCheck?
    /// When a result was last noted, in seconds of the monotonic clock; nil: not since the start.
    var notedAt: Double?
    /// There was no result for two intervals: what was known is not known any more.
    package var isStale = false

    package var health: Health { isStale ? .unknown : memory.tracker.health }
    /// Why it is not healthy, or not known.
    package var problem: String? {
      isStale ? "not checked since \(memory.checkedAt?.iso8601 ?? "the start")" : last?.problem
    }

    /// Seconds that one check may take beside its interval.
    private static let allowance = 60.0

    /// - Parameter now: seconds of the monotonic clock.
    func aged(at now: Double, _ time: Timestamp) -> Record {
      guard memory.tracker.health != .unknown else { return self }
      let age = notedAt.map { now - $0 } ?? memory.checkedAt.map { time.seconds - $0.seconds } ?? .infinity
      var record = self
      record.isStale = age > 2 * target.interval + Self.allowance
      return record
    }
  }

  /// The checks of one round.
  package struct Round: Sendable {
    package var inFlight: [HealthTarget] = []
    /// Checks with a known result: their destination is down.
    package var skipped: [HealthCheck] = []

    package init() {}
  }

  package private(set) var records: [TargetKey: Record] = [:]
  private var schedule = HealthSchedule<TargetKey>()
  /// Hosts by the destination that they lead to.
  private var sharing: [String: [TargetKey]] = [:]
  private var breakers: [String: CircuitBreaker] = [:]
  /// For each destination, the shortest interval of its targets.
  private var intervals: [String: Double] = [:]
  /// Hosts whose check is under way: none is checked twice at once.
  private var inFlight: Set<TargetKey> = []
  private let thresholds: HealthTracker.Thresholds
  private var memories: [TargetKey: PersistedHealth]

  /// A destination that is down is checked once an interval for all its targets, later once in two intervals.
  private static func breaker(_ interval: Double) -> CircuitBreaker {
    var settings = CircuitBreaker.Settings()
    settings.failures = 5
    settings.openSeconds = interval
    settings.maximumOpenSeconds = 2 * interval
    return CircuitBreaker(settings)
  }

  /// Seconds until a target is checked again that recovered or whose check was inconclusive.
  private static let confirmation = 15.0

  /// - Parameter memories: of earlier days, by host.
  package init(_ thresholds: HealthTracker.Thresholds, memories: [TargetKey: PersistedHealth] = [:]) {
    self.thresholds = thresholds
    self.memories = memories
  }

  /// The time of the next round, in seconds of the monotonic clock.
  package var due: Double? { schedule.due }

  /// Replaces the monitored targets.
  ///
  /// - Parameter now: seconds of a monotonic clock.
  package mutating func watch(_ targets: [HealthTarget], at now: Double, _ time: Timestamp) {
    var kept: [TargetKey: Record] = [:]
    for target in targets {
      let fresh = PersistedHealth(since: time, destination: target.destination)
      var record = records[target.key] ?? Record(target: target, memory: memories[target.key] ?? fresh)
      if record.memory.destination != target.destination { record = Record(target: target, memory: fresh) }
      record.target = target
      kept[target.key] = record
    }
    records = kept
    inFlight.formIntersection(records.keys)
    memories = [:]
    sharing = Dictionary(grouping: targets.map(\.key)) { records[$0]?.target.destination ?? "" }
    let fastest = Dictionary(targets.map { ($0.destination, $0.interval) }, uniquingKeysWith: min)
    breakers = breakers.filter { fastest[$0.key] == intervals[$0.key] }
    intervals = fastest
    schedule.watch(records.mapValues(\.target.interval), at: now)
  }

  /// Every record, with what is not known any more.
  package func aged(at now: Double, _ time: Timestamp) -> [Record] { records.values.map { $0.aged(at: now, time) } }

  /// Returns the due checks and marks them as in progress.
  package mutating func begin(at now: Double, _ time: Timestamp) -> Round {
    var round = Round()
    for name in schedule.take(at: now) {
      guard let record = records[name], !inFlight.contains(name) else { continue }
      let isDead = breakers[record.target.destination]?.isOpen(at: now) == true
      // Checks through NPM always run.
      if isDead, record.target.front == nil, let last = lastFailure(at: record.target.destination) {
        round.skipped.append(HealthCheck(record.target, at: time, direct: last))
      } else {
        round.inFlight.append(record.target)
        inFlight.insert(name)
      }
    }
    return round
  }

  private func lastFailure(at destination: String) -> ProbeResult? {
    (sharing[destination] ?? []).compactMap { records[$0] }.filter { $0.last?.outcome == .failed }
      .max { ($0.last?.at.seconds ?? 0) < ($1.last?.at.seconds ?? 0) }?.last?.direct
  }

  /// Records results; returns the changes of health.
  package mutating func note(_ checks: [HealthCheck], at now: Double) -> [HealthTransition] {
    checks.compactMap { check in
      // A skipped one says nothing new of its destination; one that was asked before it moved says nothing of it at all.
      let wasAsked = inFlight.remove(check.key) != nil
      guard var record = records[check.key], record.target.target == check.direct.target || !wasAsked else {
        return nil
      }
      if wasAsked { noteDestination(check, at: now) }
      record.memory.note(check.outcome, at: check.at)
      record.last = check
      record.notedAt = now
      if check.outcome == .failed { record.lastFailure = check }
      let change = record.memory.tracker.note(check.outcome, thresholds, at: check.at)
      // An outage is reported as a whole; the list counts only intermittent failures.
      if record.health == .unhealthy { record.memory.failures = [] }
      records[check.key] = record
      if check.outcome == .inconclusive || (record.health == .unhealthy && check.outcome == .passed) {
        schedule.expedite([check.key], at: now + min(Self.confirmation, record.target.interval))
      }
      return change.map { HealthTransition(check.key, before: $0.before, after: $0.after, at: check.at) }
    }
  }

  /// Records whether a destination can be reached at all; the content of its response does not matter here.
  private mutating func noteDestination(_ check: HealthCheck, at now: Double) {
    guard let target = records[check.key]?.target, !check.isLocalNetworkDown else { return }
    let key = target.destination
    var breaker = breakers[key] ?? Self.breaker(intervals[key] ?? target.interval)
    let wasClosed = breaker.isClosed
    if [.dns, .tcp].contains(check.direct.failure?.step) {
      if case .go = breaker.admit(at: now) { breaker.failed(at: now) }
    } else {
      breaker.succeeded()
      // Check all targets of this destination at once.
      if !wasClosed {
        schedule.expedite(Set(sharing[key] ?? []), at: now)
      }
    }
    breakers[key] = breaker
  }
}
