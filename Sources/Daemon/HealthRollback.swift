package import Configuration
import DesiredFiles
package import Model
package import Platform
import Planning
import Probe
import Reconciler
import Store

/// Changes that may be undone, for some time after the run that made them.
package struct RollbackCandidate: Hashable, Sendable {
  package var run: Int
  package var keys: Set<ResourceKey>
  /// The source that said so: it is not applied again before it moves.
  package var source: String
  /// The commit or files, for people.
  package var title: String
  /// What happened after the run; empty: nothing yet.
  package var reason = ""
}

/// How an undo by health ended.
package struct RollbackReport: Hashable, Sendable {
  package var candidate: RollbackCandidate
  /// nil: it was done.
  package var problem: String?
  /// The next reconciliation tries it again.
  package var isTriedAgain = false

  package var message: String {
    let what = "the changes of run \(candidate.run) (\(candidate.title))"
    let names = candidate.keys.map(\.name).sorted().shortened
    if let problem {
      let end = isTriedAgain ? "; it is tried again" : ""
      return "\(what) to \(names) could not be rolled back after \(candidate.reason): \(problem)\(end)"
    }
    return "\(what) to \(names) were rolled back: \(candidate.reason); not applied again until the source moves"
  }
}

/// Decides which changes are undone because hosts became unhealthy after them. A value; times are seconds of a monotonic
/// clock, but for `startedAt`.
struct RollbackDecision: Sendable {
  private let settings: RollbackConfiguration
  private var watched: [(candidate: RollbackCandidate, startedAt: Timestamp, since: Double, score: Int?)] = []

  init(_ settings: RollbackConfiguration) { self.settings = settings }

  /// A run has changed something.
  ///
  /// - Parameters:
  ///   - startedAt: when the run began: a host that was unhealthy before has not become that by it.
  ///   - score: of everything, before the run; nil: not known.
  mutating func note(_ candidate: RollbackCandidate, startedAt: Timestamp, score: Int?, at now: Double) {
    // A host that fails now fails by the newest change of it.
    for index in watched.indices { watched[index].candidate.keys.subtract(candidate.keys) }
    watched.removeAll { $0.candidate.keys.isEmpty }
    watched.append((candidate, startedAt, now, score))
  }

  /// - Returns: what is to be undone, once; nil: nothing is.
  mutating func verdict(_ health: HealthSnapshot, at now: Double) -> RollbackCandidate? {
    watched.removeAll { now - $0.since > settings.unhealthyFor }
    for entry in watched.reversed() {
      guard let reason = reason(entry.candidate, entry.startedAt, entry.score, health) else { continue }
      // One undo at a time: whatever else is wrong shows afterwards.
      watched = []
      var candidate = entry.candidate
      candidate.reason = reason
      return candidate
    }
    return nil
  }

  private func reason(
    _ candidate: RollbackCandidate, _ startedAt: Timestamp, _ score: Int?, _ health: HealthSnapshot
  ) -> String? {
    // Checked since the start of the daemon, and unhealthy since the run.
    let fallen = health.records.filter { record in
      record.health == .unhealthy && record.last != nil && record.memory.tracker.since >= startedAt
        && candidate.keys.contains(record.target.key.resource)
    }
    if !fallen.isEmpty { return "\(fallen.map(\.target.name).sorted().shortened) became unhealthy" }
    guard let bound = settings.scoreBelow, let now = health.score, let score, now < bound, score >= bound else {
      return nil
    }
    return "the health score fell from \(score) to \(now)"
  }
}

/// Has changes undone after which hosts became unhealthy.
package actor HealthRollback: DaemonSubscriber {
  private var decision: RollbackDecision
  private let clock: any MonotonicClock
  private let request: @Sendable (RollbackCandidate) async -> Void
  /// Before the update that is received.
  private var health: HealthSnapshot?

  /// - Parameter request: has the next reconciliation undo it.
  package init(
    _ settings: RollbackConfiguration, clock: any MonotonicClock = SystemMonotonicClock(),
    request: @escaping @Sendable (RollbackCandidate) async -> Void
  ) {
    decision = RollbackDecision(settings)
    self.clock = clock
    self.request = request
  }

  package func receive(_ update: DaemonUpdate) async {
    if let report = update.report, let candidate = report.rollbackCandidate {
      let seconds = report.applied?.seconds ?? 0
      decision.note(candidate, startedAt: report.finishedAt - seconds - 1, score: health?.score, at: clock.now)
    }
    health = update.snapshot.health
    guard let health, let candidate = decision.verdict(health, at: clock.now) else { return }
    await request(candidate)
  }
}

extension ReconcileReport {
  /// What an undo of this reconciliation would cover; nil: it changed nothing.
  var rollbackCandidate: RollbackCandidate? {
    guard let applied, let run = applied.run else { return nil }
    // NPM may have stored what it did not confirm, as where it went away before it was asked for the result.
    let live = applied.outcomes.filter { outcome in
      outcome.status == .applied || (outcome.status != .notAttempted && outcome.error?.code.isTransient == true)
    }
    let keys = Set(live.map(\.change.key))
    // Without an identity of the source it could not be told when the source moves.
    guard let source = sourceIdentity else { return nil }
    let title = options.commit.map { "commit \($0.short)" } ?? "files"
    return keys.isEmpty ? nil : RollbackCandidate(run: run, keys: keys, source: source, title: title)
  }
}
