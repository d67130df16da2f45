package import Platform
import Reconciler

/// Shows that no other daemon works on the same state. It holds a lock file; where the disk does not allow one yet, it is
/// taken as soon as that works.
package final class Leadership: Sendable {
  private let path: String
  private let lock: Lock<FileLock?>

  /// - Parameters:
  ///   - path: of the lock file.
  ///   - held: nil: it could not be made.
  package init(_ path: String, held: FileLock?) {
    self.path = path
    lock = Lock(held)
  }

  /// - Throws: `FileError`.
  func isHeld() async throws -> Bool {
    try await BlockingPool.files.run { [self] in
      try lock.withLock { lock in
        if let held = lock { return try held.isHeld() }
        try Files.createDirectory(Files.parent(of: path), mode: 0o700)
        lock = try FileLock.take(path, holder: ApplyLock.holder)
        return lock != nil
      }
    }
  }
}
