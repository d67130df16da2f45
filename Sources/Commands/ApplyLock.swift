import Model
import Platform
import Reconciler
import Store

/// One writer per store: a lock that dies with its holder.
enum ApplyLock {
  /// Takes the lock that lies beside the store; throws with exit code 6 when it stays held, or a stop is requested.
  ///
  /// - Parameters:
  ///   - timeout: seconds; nil: for ever.
  ///   - pause: seconds between two looks.
  static func take(
    beside state: String, timeout: Double?, every pause: Double = 0.1, stop: ShutdownSignal
  ) async throws -> FileLock {
    let path = "\(state).lock"
    try prepare(path)
    let holder = "process \(CurrentProcess.identifier) on \(CurrentProcess.hostName), since \(Timestamp.now.iso8601)"
    let deadline = timeout.map { ContinuousClock.now + .seconds($0) }
    while true {
      do {
        if let lock = try FileLock.take(path, holder: holder) { return lock }
      } catch let error as FileError {
        throw CommandFailure(
          .failure, [Diagnostic(.storeUnreadable, "\(error)", hint: "name another file with --state")])
      }
      guard deadline.map({ ContinuousClock.now < $0 }) ?? true, !stop.isRequested else { break }
      try? await Task.sleep(for: .seconds(pause))  // polling: a file lock cannot be awaited with a time limit
    }
    let who = FileLock.holder(path) ?? "another process"
    throw CommandFailure(
      .locked,
      [Diagnostic(.lockHeld, "another run holds the lock: \(who)", hint: "wait for it, or give --lock-timeout 60s")])
  }

  /// Takes the writer's row in the store: it keeps out other machines that share the disk.
  static func lease(
    _ store: any StateStore, _ context: CommandContext, timeout: Double, stop: ShutdownSignal
  ) async throws -> Lease {
    let deadline = ContinuousClock.now + .seconds(timeout)
    while true {
      do {
        return try await Lease.take(store, owner: context.settings.owner, correlation: context.correlation)
      } catch let busy as LeaseConflict {
        guard ContinuousClock.now < deadline, !stop.isRequested else { throw held(busy.writer) }
      }
      try? await Task.sleep(for: .milliseconds(500))  // polling: another machine's row cannot be awaited
    }
  }

  private static func held(_ writer: LeaseHolder) -> CommandFailure {
    let who = "process \(writer.process) on \(writer.host), since \(writer.since.iso8601)"
    return CommandFailure(
      .locked,
      [
        Diagnostic(
          .lockHeld, "another run holds the lock: \(who), last heard of \(writer.heartbeat.iso8601)",
          hint: "wait for it; when it died, its lock is free \(Int(LeaseHolder.patience)) s after its last heartbeat")
      ])
  }

  private static func prepare(_ path: String) throws {
    do {
      try Files.createDirectory(Files.parent(of: path), mode: 0o700)
    } catch {
      throw CommandFailure(.failure, [Diagnostic(.storeUnreadable, "\(error)", hint: "name another file with --state")])
    }
  }
}
