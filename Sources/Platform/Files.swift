#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Reads, replaces and lists files.
package enum Files {
  /// The bytes of the file at `path`.
  ///
  /// - Parameter limit: bytes beyond which it is an error.
  /// - Throws: `FileError`.
  package static func read(_ path: String, upTo limit: Int = .max) throws -> [UInt8] {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { throw FileError("read", path) }
    defer { close(fd) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = chunk.withUnsafeMutableBytes { readRetrying(fd, $0) }
      guard count >= 0 else { throw FileError("read", path) }
      if count == 0 { return bytes }
      guard bytes.count + count <= limit else { throw FileError("read", path, code: EFBIG) }
      bytes.append(contentsOf: chunk[0..<count])
    }
  }

  /// Replaces the file at `path` atomically: readers see the old bytes or the new ones, never a mix.
  ///
  /// - Parameter mode: permissions of the new file; 0600 for a file that holds a secret.
  package static func replace(_ path: String, with bytes: [UInt8], mode: UInt32 = 0o644) throws {
    let temporary = try prepare(path, bytes, mode)
    guard rename(temporary, path) == 0 else {
      let failure = FileError("replace", path)
      unlink(temporary)
      throw failure
    }
  }

  package static func remove(_ path: String) throws {
    guard unlink(path) == 0 || errno == ENOENT else { throw FileError("remove", path) }
  }

  /// Removes a directory with everything in it; links in it are removed, not followed.
  package static func removeTree(_ path: String) throws {
    for name in try entries(path).map({ "\(path)/\($0)" }) {
      if isDirectory(name, followLinks: false) { try removeTree(name) } else { try remove(name) }
    }
    guard rmdir(path) == 0 else { throw FileError("remove", path) }
  }

  /// Creates a file atomically; a file that exists already, from any process, stays unchanged.
  package static func create(_ path: String, with bytes: [UInt8] = [], mode: UInt32) throws {
    guard !exists(path) else { return }
    let temporary = try prepare(path, bytes, mode)
    defer { unlink(temporary) }
    guard link(temporary, path) == 0 || errno == EEXIST else { throw FileError("make", path) }
  }

  /// Writes a temporary file for a later rename or link; returns its path.
  private static func prepare(_ path: String, _ bytes: [UInt8], _ mode: UInt32) throws -> String {
    // Other threads may create the same file at the same time.
    let temporary = "\(path).tmp.\(getpid()).\(UInt32.random(in: 0 ... .max))"
    unlink(temporary)
    let fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(mode))
    guard fd >= 0 else { throw FileError("write", path) }
    do {
      try writeAll(fd, bytes, path: path)
      guard fsync(fd) == 0 else { throw FileError("write", path) }
      guard close(fd) == 0 else { throw FileError("write", path) }
    } catch {
      close(fd)
      unlink(temporary)
      throw error
    }
    return temporary
  }

  /// Overwrites an existing file in place: its permissions stay, and links keep pointing at it.
  package static func rewrite(_ path: String, with bytes: [UInt8]) throws {
    guard let resolved = realPath(path) else { throw FileError("write", path) }
    var status = stat()
    guard stat(resolved, &status) == 0 else { throw FileError("write", path) }
    try replace(resolved, with: bytes, mode: UInt32(status.st_mode & 0o777))
  }

  /// Which file lies at a path, whatever it is called; nil: none.
  package static func identity(_ path: String) -> FileIdentity? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return FileIdentity(device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(status.st_ino))
  }

  /// Writes to whatever stands at `path`: a plain file is replaced at once, a device, pipe or link is written through.
  package static func output(_ path: String, _ bytes: [UInt8]) throws {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return try replace(path, with: bytes) }
    let fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
    guard fd >= 0 else { throw FileError("write", path) }
    defer { close(fd) }
    try writeAll(fd, bytes, path: path)
  }

  /// Writes all of `bytes` to an open descriptor.
  package static func writeAll(_ fd: Int32, _ bytes: [UInt8], path: String) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(fd, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError("write", path)
      }
      rest = rest.dropFirst(count)
    }
  }

  /// Creates `path` and its missing parents.
  package static func createDirectory(_ path: String, mode: UInt32 = 0o755) throws {
    guard !path.isEmpty, path != "/", path != "." else { return }
    if mkdir(path, mode_t(mode)) == 0 || errno == EEXIST { return }
    guard errno == ENOENT else { throw FileError("create", path) }
    try createDirectory(parent(of: path), mode: mode)
    guard mkdir(path, mode_t(mode)) == 0 || errno == EEXIST else { throw FileError("create", path) }
  }

  /// The directory of `path`, `.` for a bare name.
  package static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Whether `bytes` contains `part`.
  package static func holds(_ part: [UInt8], in bytes: [UInt8]) -> Bool {
    guard let first = part.first else { return true }
    return bytes.withUnsafeBytes { whole in
      part.withUnsafeBytes { part in
        var rest = whole[...]
        while rest.count >= part.count, let start = rest.firstIndex(of: first) {
          rest = rest[start...]
          if rest.starts(with: part) { return true }
          rest = rest.dropFirst()
        }
        return false
      }
    }
  }

  /// The absolute form of a path.
  package static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/") else { return path }
    var buffer = [CChar](repeating: 0, count: 4096)
    guard getcwd(&buffer, buffer.count) != nil else { return path }
    let here = buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }  // getcwd ends it with a zero byte
    return "\(here)/\(path)"
  }

  /// The target of a link as it is written; nil: not a link.
  package static func linkTarget(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let length = readlink(path, &buffer, buffer.count - 1)
    guard length > 0 else { return nil }
    return String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The file that a path leads to through links, even if it does not exist yet.
  package static func resolved(_ path: String) -> String {
    var target = path
    // Linux follows 40 links in a row.
    for _ in 0..<40 {
      guard let link = linkTarget(target) else { return target }
      target = link.hasPrefix("/") ? link : "\(parent(of: target))/\(link)"
    }
    return target
  }

  /// Whether a path lies below a directory, or would once it exists.
  package static func lies(_ path: String, below directory: String) -> Bool {
    guard let folder = realPath(directory), let place = realPath(parent(of: resolved(path))) else { return false }
    return place == folder || place.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/")
  }

  private static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The content of a directory tree, in byte order.
  package struct Listing {
    package var files: [String] = []
    /// Neither a file nor a directory that is walked: links to directories, which could form loops, and devices,
    /// pipes and sockets, which could block a reader.
    package var others: [String] = []
  }

  /// The names in a directory, unordered.
  package static func entries(_ directory: String) throws -> [String] {
    guard let stream = opendir(directory) else { throw FileError("list", directory) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  /// All files below `directory` except hidden files and directories. Links to files count as files.
  package static func below(_ directory: String) throws -> Listing {
    var listing = Listing()
    for name in try entries(directory) where !name.hasPrefix(".") {
      let path = directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
      switch kind(of: path) {
      case .file: listing.files.append(path)
      case .folder:
        let inner = try below(path)
        listing.files += inner.files
        listing.others += inner.others
      case .other: listing.others.append(path)
      }
    }
    listing.files.sort()
    listing.others.sort()
    return listing
  }

  private enum Kind { case file, folder, other }

  private static func kind(of path: String) -> Kind {
    if isDirectory(path, followLinks: false) { return .folder }
    var status = stat()
    guard stat(path, &status) == 0 else { return .file }  // a dangling link: reading it reports the reason
    return status.st_mode & S_IFMT == S_IFREG ? .file : .other
  }

  package static func isDirectory(_ path: String, followLinks: Bool = true) -> Bool {
    var status = stat()
    guard (followLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return false }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  /// The path itself, or the nearest folder above it that exists.
  package static func nearestExisting(_ path: String) -> String {
    var place = path
    while !exists(place), place != ".", place != "/" { place = parent(of: place) }
    return place
  }

  package static func isWritable(_ path: String) -> Bool { access(path, W_OK) == 0 }
  /// Bytes of a file; nil: there is none.
  package static func size(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }

  /// Whether there is something of that name, also a link that leads nowhere.
  package static func entryExists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }
  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Changes with each write: inode, size and modification time.
  package static func stamp(_ path: String) -> String {
    var facts = stat()
    guard stat(path, &facts) == 0 else { return "" }
    #if canImport(Glibc)
      let time = facts.st_mtim
    #else
      let time = facts.st_mtimespec
    #endif
    return "\(facts.st_ino) \(facts.st_size) \(time.tv_sec).\(time.tv_nsec)"
  }
}

func readRetrying(_ fd: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
  while true {
    let count = read(fd, buffer.baseAddress, buffer.count)
    if count >= 0 || errno != EINTR { return count }
  }
}

/// A file, whatever it is called.
package struct FileIdentity: Hashable, Sendable {
  package var device: UInt64
  package var number: UInt64
}
