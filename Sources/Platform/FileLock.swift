#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An advisory lock on a file, released when its process ends, so that a killed process never blocks the next one.
package final class FileLock: Sendable {
  private let fd: Int32

  private init(fd: Int32) { self.fd = fd }

  deinit { close(fd) }

  /// Acquires the lock at `path`, or returns nil if another process holds it.
  ///
  /// - Parameter holder: text written into the file so that other processes can report the holder.
  package static func take(_ path: String, holder: String) throws -> FileLock? {
    let fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard fd >= 0 else { throw FileError("lock", path) }
    guard flock(fd, LOCK_EX | LOCK_NB) == 0 else {
      let busy = errno == EWOULDBLOCK
      close(fd)
      if busy { return nil }
      throw FileError("lock", path)
    }
    ftruncate(fd, 0)
    // Informative only: on a full disk the lock holds without it.
    try? Files.writeAll(fd, Array(holder.utf8), path: path)
    return FileLock(fd: fd)
  }

  /// The text that the holder of the lock at `path` wrote into it.
  package static func holder(_ path: String) -> String? {
    guard let bytes = try? Files.read(path), !bytes.isEmpty else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
