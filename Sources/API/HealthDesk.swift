import Model
package import Platform
package import Probe

/// Checks destinations for a caller that asks how everything is, where the monitor's last success is too old.
///
/// What is found counts for no threshold, sample or alert. All that ask at once wait for the same checks, and one destination
/// is checked twice a minute at most.
package actor HealthDesk {
  /// Checks each target once.
  package typealias Check = @Sendable ([HealthTarget], @escaping @Sendable (HealthCheck) async -> Void) async -> Void

  private let check: Check
  private let clock: any MonotonicClock
  private var made: [TargetKey: (check: HealthCheck, at: Double)] = [:]
  private var running: (keys: Set<TargetKey>, task: Task<Void, Never>)?

  /// Seconds between two checks of one destination.
  private static let pause = 30.0
  /// Seconds for all of them; what has not answered by then is told as it was known.
  private static let budget = 15.0

  package init(clock: any MonotonicClock = SystemMonotonicClock(), check: @escaping Check) {
    self.check = check
    self.clock = clock
  }

  /// Checks that were made for it or just before, by target; those that are not in it are as the monitor knows them.
  ///
  /// - Parameter maximumAge: seconds for which a success of the monitor is good enough.
  func fresh(_ records: [HealthState.Record], maximumAge: Double, at now: Timestamp) async -> [TargetKey: HealthCheck] {
    let wanted = records.filter { record in
      guard let last = record.last, last.outcome == .passed, !record.isStale else { return true }
      return now.seconds - last.at.seconds > maximumAge
    }
    // Those that are gone are forgotten.
    let known = Set(records.map(\.target.key))
    made = made.filter { known.contains($0.key) }
    let due = wanted.map(\.target).filter { target in
      made[target.key].map { clock.now - $0.at >= min(Self.pause, max(1, maximumAge)) } ?? true
    }
    if !due.isEmpty { await work(due) }
    return Dictionary(
      firstOf: wanted.compactMap { record in made[record.target.key].map { (record.target.key, $0.check) } })
  }

  private func work(_ targets: [HealthTarget]) async {
    if let running, running.keys.isSuperset(of: targets.map(\.key)) {
      _ = await running.task.value(within: Self.budget, of: clock)
      return
    }
    let task = Task { [check] in
      await check(targets) { await self.note($0) }
    }
    running = (Set(targets.map(\.key)), task)
    _ = await task.value(within: Self.budget, of: clock)
    if running?.task == task { running = nil }
  }

  private func note(_ check: HealthCheck) { made[check.key] = (check, clock.now) }
}
