import Model
package import Platform
package import Store

/// Another writer lives.
package struct LeaseConflict: Error {
  package var writer: LeaseHolder
}

/// The row in the store that says who writes. The file lock keeps other processes of this machine out; the row keeps
/// out other machines that share the disk, and tells who it was when somebody died.
package struct Lease: Sendable {
  private let store: any StateStore
  private let writer: LeaseHolder

  /// Takes the row, over from a dead writer if need be. Throws `LeaseConflict` and `StoreError`.
  package static func take(
    _ store: any StateStore, owner: String, correlation: String, at now: Timestamp = .now
  ) async throws -> Lease {
    let writer = LeaseHolder(
      owner: owner, process: Int(CurrentProcess.identifier), host: CurrentProcess.hostName, since: now)
    switch try await store.claim(writer) {
    case .free: break
    case .held(let other): throw LeaseConflict(writer: other)
    case .takenOver(let dead):
      let message =
        "process \(dead.process) on \(dead.host) died holding the lock, last heard of \(dead.heartbeat.iso8601); taken over"
      try await store.append(
        Event(
          .warning, source: "lock", subject: "process/\(dead.process)", reason: "LockTakenOver", message,
          correlation: correlation), at: now)
    }
    return Lease(store: store, writer: writer)
  }

  /// Runs `body` with a heartbeat beside it, then gives the row back.
  package func hold<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
    let pulse = Task {
      while !Task.isCancelled {
        // A heartbeat is a matter of time: nothing else could wake it.
        try await Task.sleep(for: .seconds(LeaseHolder.beat))
        try await store.beat(writer, at: .now)
      }
    }
    defer { pulse.cancel() }
    do {
      let result = try await body()
      try? await store.release(writer)
      return result
    } catch {
      try? await store.release(writer)
      throw error
    }
  }
}
