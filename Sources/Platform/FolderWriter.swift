#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes files below one folder, never through a link: neither a folder on the way nor the file may be one.
package struct FolderWriter: Sendable {
  /// Another program has changed the file since it was read.
  package struct Changed: Error {
    package init() {}
  }

  private let directory: String

  package init(_ directory: String) { self.directory = directory }

  /// Replaces, makes or removes a file atomically, where it still is as it was read. Folders on the way are made.
  ///
  /// - Parameters:
  ///   - path: below the folder, without `.` and `..`.
  ///   - before: nil: there is none.
  ///   - after: nil: it is to go.
  /// - Throws: `Changed`, and `FileError`.
  package func write(_ path: String, before: [UInt8]?, after: [UInt8]?) throws {
    let parts = path.split(separator: "/").map(String.init)
    guard let name = parts.last, !parts.contains(where: { [".", ".."].contains($0) }) else {
      throw FileError("write", path, code: EINVAL)
    }
    var folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw FileError("open", directory) }
    defer { close(folder) }
    for part in parts.dropLast() {
      if after != nil, mkdirat(folder, part, 0o755) != 0, errno != EEXIST { throw FileError("make", path) }
      let next = openat(folder, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard next >= 0 else { throw FileError("open", path) }
      close(folder)
      folder = next
    }
    guard try read(name, in: folder, path)?.bytes == before else { throw Changed() }
    if let after {
      try replace(name, in: folder, after, isNew: before == nil, path)
    } else if unlinkat(folder, name, 0) != 0 {
      throw FileError("remove", path)
    }
    _ = fsync(folder)
  }

  /// nil: there is no such file.
  private func read(_ name: String, in folder: Int32, _ path: String) throws -> (bytes: [UInt8], mode: mode_t)? {
    let file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw FileError("open", path)
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw FileError("open", path, code: EINVAL)
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = chunk.withUnsafeMutableBytes { readRetrying(file, $0) }
      guard count >= 0 else { throw FileError("read", path) }
      if count == 0 { return (bytes, status.st_mode & 0o777) }
      bytes.append(contentsOf: chunk[0..<count])
    }
  }

  private func replace(
    _ name: String, in folder: Int32, _ bytes: [UInt8], isNew: Bool, _ path: String
  ) throws {
    let mode = isNew ? 0o644 : try read(name, in: folder, path)?.mode ?? 0o644
    let temporary = ".\(name).\(getpid()).\(UInt32.random(in: 0 ... .max))"
    let file = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard file >= 0 else { throw FileError("write", path) }
    do {
      defer { close(file) }
      try Files.writeAll(file, bytes, path: path)
      guard fsync(file) == 0 else { throw FileError("write", path) }
    } catch {
      unlinkat(folder, temporary, 0)
      throw error
    }
    // A new file must not take the place of one that has just been made by others.
    let isPlaced =
      isNew ? linkat(folder, temporary, folder, name, 0) == 0 : renameat(folder, temporary, folder, name) == 0
    let code = errno
    if isNew || !isPlaced { unlinkat(folder, temporary, 0) }
    guard isPlaced else {
      if isNew, code == EEXIST { throw Changed() }
      throw FileError("write", path, code: code)
    }
  }
}
