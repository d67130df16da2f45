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

  package var message: String {
    let what = "the changes of run \(candidate.run) (\(candidate.title))"
    let names = candidate.keys.map(\.name).sorted().shortened
    if let problem { return "\(what) to \(names) could not be rolled back after \(candidate.reason): \(problem)" }
    return "\(what) to \(names) were rolled back: \(candidate.reason); not applied again until the source moves"
  }
}

/// Decides which changes are undone because hosts became unhealthy after them. A value; times are seconds of a monotonic
/// clock.
struct RollbackDecision: Sendable {
  private let settings: RollbackConfiguration
  private var watched: (candidate: RollbackCandidate, since: Double, unhealthy: Set<ResourceKey>, score: Int?)?

  init(_ settings: RollbackConfiguration) { self.settings = settings }

  /// A run has changed something.
  ///
  /// - Parameter before: the health before it.
  mutating func note(_ candidate: RollbackCandidate, before: HealthSnapshot?, at now: Double) {
    watched = (candidate, now, Self.unhealthy(before), before?.score)
  }

  /// - Returns: what is to be undone, once; nil: nothing is.
  mutating func verdict(_ health: HealthSnapshot, at now: Double) -> RollbackCandidate? {
    guard let (found, since, unhealthy, score) = watched else { return nil }
    var candidate = found
    guard now - since <= settings.unhealthyFor else {
      watched = nil
      return nil
    }
    let fallen = Self.unhealthy(health).intersection(candidate.keys).subtracting(unhealthy)
    if !fallen.isEmpty {
      candidate.reason = "\(fallen.map(\.name).sorted().shortened) became unhealthy"
    } else if let bound = settings.scoreBelow, let fallen = health.score, fallen < bound,
      score.map({ $0 >= bound }) ?? true
    {
      candidate.reason = "the health score fell to \(fallen)"
    } else {
      return nil
    }
    watched = nil
    return candidate
  }

  private static func unhealthy(_ health: HealthSnapshot?) -> Set<ResourceKey> {
    Set((health?.records ?? []).filter { $0.health == .unhealthy }.map(\.target.key.resource))
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
      decision.note(candidate, before: health, at: clock.now)
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
    let keys = Set(applied.outcomes.filter { $0.status == .applied }.map(\.change.key))
    let title = options.commit.map { "commit \($0.short)" } ?? "files"
    return keys.isEmpty ? nil : RollbackCandidate(run: run, keys: keys, source: sourceIdentity, title: title)
  }
}
