import Model
import Platform

/// One writer per store: a lock that dies with its holder.
enum RunLock {
  /// Takes the lock that lies beside the store; throws with exit code 6 when it stays held.
  static func take(beside state: String, timeout: Double, stop: StopSignal) async throws -> FileLock {
    let path = "\(state).lock"
    try prepare(path)
    let holder = "process \(Process.identifier) on \(Process.hostName), since \(Timestamp.now.iso8601)"
    let deadline = ContinuousClock.now + .seconds(timeout)
    while true {
      do {
        if let lock = try FileLock.take(path, holder: holder) { return lock }
      } catch let error as FileError {
        throw CommandFailure(
          .failure, [Diagnostic(.storeUnreadable, "\(error)", hint: "name another file with --state")])
      }
      guard ContinuousClock.now < deadline, !stop.isRequested else { break }
      try? await Task.sleep(for: .milliseconds(100))  // polling: a file lock cannot be awaited with a time limit
    }
    let who = FileLock.holder(path) ?? "another process"
    throw CommandFailure(
      .locked,
      [Diagnostic(.lockHeld, "another run holds the lock: \(who)", hint: "wait for it, or give --lock-timeout 60s")])
  }

  private static func prepare(_ path: String) throws {
    do {
      try Files.createDirectory(Files.parent(of: path), mode: 0o700)
    } catch {
      throw CommandFailure(.failure, [Diagnostic(.storeUnreadable, "\(error)", hint: "name another file with --state")])
    }
  }
}
