package import Model
package import Platform
package import Store

/// Why a lock was not taken.
package struct LockError: DiagnosableError {
  package var diagnostic: Diagnostic
  /// True: another process holds it. False: it could not be created.
  package var isHeld: Bool
}

/// One writer per state: a lock file that is released with its process, and a row in the store for other machines.
package enum ApplyLock {
  /// The text in a lock file.
  package static var holder: String {
    "process \(CurrentProcess.identifier) on \(CurrentProcess.hostName), since \(Timestamp.now.iso8601)"
  }

  /// Takes the lock file beside the store.
  ///
  /// - Parameters:
  ///   - timeout: seconds; nil: no limit.
  ///   - pause: seconds between attempts.
  /// - Throws: `LockError`, also when a stop is requested while it is held.
  package static func take(
    beside state: String, timeout: Double?, every pause: Double = 0.1, stop: ShutdownSignal
  ) async throws -> FileLock {
    let path = "\(state).lock"
    let deadline = timeout.map { ContinuousClock.now + .seconds($0) }
    while true {
      do {
        let lock = try await BlockingPool.files.run { () throws -> FileLock? in
          try Files.createDirectory(Files.parent(of: path), mode: 0o700)
          return try FileLock.take(path, holder: holder)
        }
        if let lock { return lock }
      } catch {
        let problem = Diagnostic(.storeUnreadable, "\(error)", hint: "name another file with --state")
        throw LockError(diagnostic: problem, isHeld: false)
      }
      guard deadline.map({ ContinuousClock.now < $0 }) ?? true, !stop.isRequested else { break }
      try? await Task.sleep(for: .seconds(pause))  // polling: a file lock cannot be awaited with a time limit
    }
    throw held("another run holds the lock: \(FileLock.holder(path) ?? "another process")")
  }

  package static func held(_ message: String) -> LockError {
    LockError(
      diagnostic: Diagnostic(.lockHeld, message, hint: "wait for it, or give --lock-timeout 60s"), isHeld: true)
  }

  /// Takes the row in the store: it excludes other machines that share the disk.
  ///
  /// - Throws: `LockError` and `StoreError`.
  package static func lease(
    _ stores: StoreSet, owner: String, correlation: String, timeout: Double, stop: ShutdownSignal
  ) async throws -> Lease {
    let deadline = ContinuousClock.now + .seconds(timeout)
    while true {
      do {
        return try await Lease.take(stores, owner: owner, correlation: correlation)
      } catch let conflict as LeaseConflict {
        guard ContinuousClock.now < deadline, !stop.isRequested else { throw held(conflict.holder) }
      }
      try? await Task.sleep(for: .milliseconds(500))  // polling: another machine's row cannot be awaited
    }
  }

  private static func held(_ holder: LeaseHolder) -> LockError {
    let other = "process \(holder.process) on \(holder.host), since \(holder.since.iso8601)"
    return LockError(
      diagnostic: Diagnostic(
        .lockHeld, "another run holds the lock: \(other), last heard of \(holder.heartbeat.iso8601)",
        hint: "wait for it; when it died, its lock is free \(Int(LeaseHolder.timeout)) s after its last heartbeat"),
      isHeld: true)
  }
}
