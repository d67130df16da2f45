#if os(Linux)
  @preconcurrency import Dispatch
  import Glibc
  import Platform

  /// Linux tells of changes in directories that it is asked about, each one by itself.
  final class InotifySource: ChangeSource {
    private static let parts =
      IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
    private static let mask = UInt32(parts) | UInt32(IN_ONLYDIR) | UInt32(IN_EXCL_UNLINK)

    private let area: WatchedArea
    private let descriptor: Int32
    private let reader: any DispatchSourceRead
    /// Paths by the kernel's number of their watch.
    private let paths = Lock<[Int32: String]>([:])

    /// nil: the kernel has no more of them to give.
    init?(_ area: WatchedArea, _ queue: DispatchQueue) {
      self.area = area
      descriptor = inotify_init1(O_NONBLOCK | O_CLOEXEC)
      guard descriptor >= 0 else { return nil }
      reader = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
      let isWatched = watch(Files.parent(of: area.root)) && (!Files.exists(area.root) || watchTree(area.root))
      guard isWatched else {
        reader.setCancelHandler { [descriptor] in close(descriptor) }
        reader.activate()
        reader.cancel()
        return nil
      }
    }

    func start(_ onEvent: @escaping @Sendable () -> Void) {
      reader.setEventHandler { [weak self] in
        if self?.drain() == true { onEvent() }
      }
      reader.setCancelHandler { [descriptor] in close(descriptor) }
      reader.activate()
    }

    func stop() { reader.cancel() }

    private func watch(_ path: String) -> Bool {
      let number = inotify_add_watch(descriptor, path, Self.mask)
      guard number >= 0 else { return errno == ENOENT || errno == ENOTDIR }
      paths.withLock { $0[number] = path }
      return true
    }

    /// Watches first and lists then: what is made in between is seen by one or the other.
    private func watchTree(_ path: String) -> Bool {
      guard watch(path) else { return false }
      guard let directory = opendir(path) else { return true }
      defer { closedir(directory) }
      while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
          pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        let isDirectory = [UInt8(DT_DIR), UInt8(DT_UNKNOWN)].contains(entry.pointee.d_type)
        guard isDirectory, ![".", "..", ".git"].contains(name) else { continue }
        guard watchTree("\(path)/\(name)") else { return false }
      }
      return true
    }

    /// Reads what is there. True: something below the root changed.
    private func drain() -> Bool {
      var buffer = [UInt8](repeating: 0, count: 65536)
      var isOurs = false
      while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return isOurs }
        var offset = 0
        while offset + MemoryLayout<inotify_event>.size <= count {
          let event = buffer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: inotify_event.self) }
          let start = offset + MemoryLayout<inotify_event>.size
          offset = start + Int(event.len)
          let name = String(decoding: buffer[start..<min(offset, count)].prefix { $0 != 0 }, as: UTF8.self)
          if take(event, name) { isOurs = true }
        }
      }
    }

    private func take(_ event: inotify_event, _ name: String) -> Bool {
      // The kernel lost some: anything may have changed.
      if event.mask & UInt32(IN_Q_OVERFLOW) != 0 { return watchTree(area.root) || true }
      guard let path = paths.withLock({ $0[event.wd] }) else { return false }
      let place = name.isEmpty ? path : path == "." ? name : path == "/" ? "/\(name)" : "\(path)/\(name)"
      guard area.contains(place) else { return false }
      let isNew = event.mask & (UInt32(IN_CREATE) | UInt32(IN_MOVED_TO)) != 0
      if isNew && event.mask & UInt32(IN_ISDIR) != 0 { _ = watchTree(place) }
      if event.mask & UInt32(IN_IGNORED) != 0 { paths.withLock { $0[event.wd] = nil } }
      return true
    }
  }
#endif
