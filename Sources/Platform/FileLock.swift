#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An advisory lock on a file, released when its process ends, so that a killed process never blocks the next one.
package final class FileLock: Sendable {
  private let path: String
  private let holder: String
  private let fd: Lock<Int32>

  private init(_ path: String, _ holder: String, fd: Int32) {
    self.path = path
    self.holder = holder
    self.fd = Lock(fd)
  }

  deinit { close(fd.withLock { $0 }) }

  /// Acquires the lock at `path`, or returns nil if another process holds it.
  ///
  /// - Parameter holder: text written into the file so that other processes can report the holder.
  package static func take(_ path: String, holder: String) throws -> FileLock? {
    try locked(path, holder).map { FileLock(path, holder, fd: $0) }
  }

  /// Whether the lock is still held: a file that was removed meanwhile is made again, unless another process did that.
  ///
  /// - Throws: `FileError`.
  package func isHeld() throws -> Bool {
    try fd.withLock { fd in
      if Self.isAt(path, fd) { return true }
      guard let new = try Self.locked(path, holder) else { return false }
      close(fd)
      fd = new
      return true
    }
  }

  /// The descriptor of the locked file; nil: another process holds it.
  private static func locked(_ path: String, _ holder: String) throws -> Int32? {
    while true {
      let fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard fd >= 0 else { throw FileError("lock", path) }
      guard flock(fd, LOCK_EX | LOCK_NB) == 0 else {
        let busy = errno == EWOULDBLOCK
        close(fd)
        if busy { return nil }
        throw FileError("lock", path)
      }
      // A file that was removed since it was opened locks nothing.
      guard isAt(path, fd) else {
        close(fd)
        continue
      }
      ftruncate(fd, 0)
      // Informative only: on a full disk the lock holds without it.
      try? Files.writeAll(fd, Array(holder.utf8), path: path)
      return fd
    }
  }

  private static func isAt(_ path: String, _ fd: Int32) -> Bool {
    var (there, ours) = (stat(), stat())
    return stat(path, &there) == 0 && fstat(fd, &ours) == 0 && there.st_dev == ours.st_dev
      && there.st_ino == ours.st_ino
  }

  /// The text that the holder of the lock at `path` wrote into it.
  package static func holder(_ path: String) -> String? {
    guard let bytes = try? Files.read(path), !bytes.isEmpty else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
