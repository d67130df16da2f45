package import Model

/// Who writes to NPM for this store.
package struct LeaseHolder: Hashable, Sendable {
  package var owner: String
  package var process: Int
  package var host: String
  package var since: Timestamp
  /// When it last said that it lives.
  package var heartbeat: Timestamp

  /// Seconds between two heartbeats.
  package static let renewal = 5.0
  /// Seconds without a heartbeat after which a writer on another machine counts as dead.
  package static let timeout = 20.0

  package init(owner: String, process: Int, host: String, since: Timestamp, heartbeat: Timestamp? = nil) {
    self.owner = owner
    self.process = process
    self.host = host
    self.since = since
    self.heartbeat = heartbeat ?? since
  }

  /// Whether it keeps `newcomer` out. On one machine the file lock has decided that already: who gets as far as asking
  /// holds it. A heartbeat from the future is that of a clock that jumped, and counts as old as it is far away.
  package func keepsOut(_ newcomer: LeaseHolder) -> Bool {
    host != newcomer.host && abs(newcomer.since.seconds - heartbeat.seconds) < Self.timeout
  }

  package func isSame(as other: LeaseHolder) -> Bool {
    host == other.host && process == other.process && since == other.since
  }
}

/// What became of the wish to be the writer.
package enum LeaseResult: Hashable, Sendable {
  case free
  /// The one before died without a word.
  case takenOver(LeaseHolder)
  case held(LeaseHolder)
}

/// The row that says which process writes to NPM for this state.
package protocol LeaseStore: Sendable {
  /// Makes `holder` the writer, unless another one lives: then that one is returned, and nothing has changed.
  func acquire(_ holder: LeaseHolder) async throws -> LeaseResult
  /// Records that the writer lives.
  func renew(_ holder: LeaseHolder, at: Timestamp) async throws
  func release(_ holder: LeaseHolder) async throws
}
