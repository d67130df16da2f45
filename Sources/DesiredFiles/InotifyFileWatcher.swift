#if os(Linux)
  @preconcurrency import Dispatch
  import Glibc
  import Platform

  /// Watches with inotify, which reports changes per directory.
  final class InotifyFileWatcher: FileWatcher {
    private static let parts =
      IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
    private static let mask = UInt32(parts) | UInt32(IN_ONLYDIR) | UInt32(IN_EXCL_UNLINK)

    private struct State {
      var plan: WatchPlan
      /// Watched files outside the directory.
      var files: Set<String> = []
      /// Directories by their inotify watch descriptor.
      var folders: [Int32: String] = [:]
    }

    private let area: WatchScope
    private let descriptor: Int32
    private let reader: any DispatchSourceRead
    private let state: Lock<State>

    /// nil: the kernel's limit is reached.
    init?(_ area: WatchScope, _ queue: DispatchQueue) {
      self.area = area
      state = Lock(State(plan: WatchPlan(area)))
      descriptor = inotify_init1(O_NONBLOCK | O_CLOEXEC)
      guard descriptor >= 0 else { return nil }
      reader = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
      guard state.withLock({ replan(&$0) }) else {
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

    func follow(_ files: Set<String>) {
      state.withLock { state in
        guard state.files != files else { return }
        state.files = files
        _ = replan(&state)
      }
    }

    /// Updates the watches. A directory is watched before it is listed, so that a file created in between is found by
    /// one of the two. False: the kernel's limit of watches is reached.
    private func replan(_ state: inout State) -> Bool {
      // Directories that keep changing are covered by their events.
      for _ in 0..<8 {
        let plan = WatchPlan(area, files: state.files)
        var folders: [Int32: String] = [:]
        for folder in plan.folders {
          let number = inotify_add_watch(descriptor, folder, Self.mask)
          if number >= 0 { folders[number] = folder } else if errno == ENOSPC || errno == ENOMEM { return false }
        }
        for number in state.folders.keys where folders[number] == nil { inotify_rm_watch(descriptor, number) }
        state.folders = folders
        state.plan = plan
        if WatchPlan(area, files: state.files) == plan { break }
      }
      return true
    }

    /// Reads all pending events; true: a relevant file changed.
    private func drain() -> Bool {
      var buffer = [UInt8](repeating: 0, count: 65536)
      var isOurs = false
      while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { break }
        var offset = 0
        while offset + MemoryLayout<inotify_event>.size <= count {
          let event = buffer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: inotify_event.self) }
          let start = offset + MemoryLayout<inotify_event>.size
          offset = start + Int(event.len)
          let name = String(decoding: buffer[start..<min(offset, count)].prefix { $0 != 0 }, as: UTF8.self)
          if state.withLock({ matters(event, name, $0) }) { isOurs = true }
        }
      }
      if isOurs { _ = state.withLock { replan(&$0) } }
      return isOurs
    }

    private func matters(_ event: inotify_event, _ name: String, _ state: State) -> Bool {
      // The queue overflowed: anything may have changed.
      if event.mask & UInt32(IN_Q_OVERFLOW) != 0 { return true }
      // A removed watch carries no news: we removed it, or the end of its directory was reported before.
      guard event.mask & UInt32(IN_IGNORED) == 0, let folder = state.folders[event.wd] else { return false }
      return state.plan.matters(name, in: folder)
    }
  }
#endif
