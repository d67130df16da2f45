package import Model
import Platform
package import Store

/// Another process holds the lease.
package struct LeaseConflict: Error {
  package var holder: LeaseHolder
}

/// The row in the store that names the writing process. The file lock excludes other processes of this machine; the row
/// excludes other machines that share the disk, and names the process if one died.
package struct Lease: Sendable {
  private let stores: StoreSet
  private let holder: LeaseHolder

  /// Takes the row, if need be from a dead process.
  ///
  /// - Throws: `LeaseConflict` and `StoreError`.
  package static func take(
    _ stores: StoreSet, owner: String, correlation: String, at now: Timestamp = .now
  ) async throws -> Lease {
    let holder = LeaseHolder(
      owner: owner, process: Int(CurrentProcess.identifier), host: CurrentProcess.hostName, since: now)
    switch try await stores.lease.acquire(holder) {
    case .free: break
    case .held(let other): throw LeaseConflict(holder: other)
    case .takenOver(let dead):
      let message =
        "process \(dead.process) on \(dead.host) died holding the lock, last heard of \(dead.heartbeat.iso8601); taken over"
      try await stores.events.append(
        Event(
          .warning, source: "lock", subject: "process/\(dead.process)", reason: "LockTakenOver", message,
          correlation: correlation), at: now)
    }
    return Lease(stores: stores, holder: holder)
  }

  /// Runs `body`, renews the lease meanwhile, then releases it.
  package func hold<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
    let renewal = Task {
      while !Task.isCancelled {
        // Renewal is periodic: there is no event to wait for.
        await Pause.wait(LeaseHolder.renewal)
        if Task.isCancelled { return }
        try await stores.lease.renew(holder, at: .now)
      }
    }
    defer { renewal.cancel() }
    do {
      let result = try await body()
      try? await stores.lease.release(holder)
      return result
    } catch {
      try? await stores.lease.release(holder)
      throw error
    }
  }
}
