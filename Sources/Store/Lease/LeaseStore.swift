package import Model

/// The process that writes to NPM for this store.
package struct LeaseHolder: Hashable, Sendable {
  package var owner: String
  package var process: Int
  package var host: String
  package var since: Timestamp
  /// The time of its last heartbeat.
  package var heartbeat: Timestamp

  /// Seconds between two heartbeats.
  package static let renewal = 5.0
  /// Seconds without a heartbeat after which a writer on another machine is considered dead.
  package static let timeout = 20.0

  package init(owner: String, process: Int, host: String, since: Timestamp, heartbeat: Timestamp? = nil) {
    self.owner = owner
    self.process = process
    self.host = host
    self.since = since
    self.heartbeat = heartbeat ?? since
  }

  /// Whether it keeps `newcomer` out. On one machine the file lock has already decided that: a process that gets here
  /// holds it. A heartbeat in the future comes from a clock that jumped; its distance from now counts as its age.
  package func keepsOut(_ newcomer: LeaseHolder) -> Bool {
    host != newcomer.host && abs(newcomer.since.seconds - heartbeat.seconds) < Self.timeout
  }

  package func isSame(as other: LeaseHolder) -> Bool {
    host == other.host && process == other.process && since == other.since
  }
}

/// The result of a request to become the writer.
package enum LeaseResult: Hashable, Sendable {
  case free
  /// The previous holder died without releasing the lease.
  case takenOver(LeaseHolder)
  case held(LeaseHolder)
}

/// The row that names the process which writes to NPM for this state.
package protocol LeaseStore: Sendable {
  /// Makes `holder` the writer, unless another one is alive: then returns that one and changes nothing.
  func acquire(_ holder: LeaseHolder) async throws -> LeaseResult
  /// Records a heartbeat of the writer.
  func renew(_ holder: LeaseHolder, at: Timestamp) async throws
  func release(_ holder: LeaseHolder) async throws
}
