@preconcurrency import Dispatch
import Model
import Platform

/// Reports that something below a directory may have changed, not what: the caller loads everything again.
package final class FileWatch: Sendable {
  private let timer: any DispatchSourceTimer
  private let queue = DispatchQueue(label: "reconciler.files")
  private let source: any FileWatcher
  private let state: Lock<Debounce>
  private let onChange: @Sendable () -> Void

  /// - Parameters:
  ///   - root: a directory; it may be created later or be replaced.
  ///   - ignored: a directory, possibly below it, that this program writes to.
  ///   - quiet: seconds without a change after which `onChange` is called.
  ///   - longest: seconds after which it is called even if changes continue.
  package init(
    _ root: String, ignoring ignored: String = "", quiet: Double = 0.1, longest: Double = 2,
    onChange: @escaping @Sendable () -> Void
  ) {
    state = Lock(Debounce(quiet: quiet, longest: longest))
    self.onChange = onChange
    timer = DispatchSource.makeTimerSource(queue: queue)
    source = Self.source(WatchScope(root, ignoring: ignored), queue)
    timer.setEventHandler { [weak self] in self?.fire() }
    timer.activate()
    source.start { [weak self] in self?.note() }
  }

  deinit {
    source.stop()
    timer.cancel()
  }

  /// Kernel notifications if available, else polling.
  private static func source(_ area: WatchScope, _ queue: DispatchQueue) -> any FileWatcher {
    #if os(Linux)
      if let inotify = InotifyFileWatcher(area, queue) { return inotify }
    #endif
    return PollingFileWatcher(area, queue)
  }

  private static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

  /// Replaces the additional watched files: files that desired files refer to, at any path.
  package func follow(_ files: Set<String>) { source.follow(files) }

  private func note() {
    let due = state.withLock { debounce in
      debounce.note(at: Self.now)
      return debounce.due
    }
    if let due { timer.schedule(deadline: .now() + max(0, due - Self.now)) }
  }

  private func fire() {
    state.withLock { $0.clear() }
    onChange()
  }
}

/// Reports changes below a directory, any number of times, on its queue.
protocol FileWatcher: Sendable {
  func start(_ onEvent: @escaping @Sendable () -> Void)
  /// Replaces the files watched in addition to the directory.
  func follow(_ files: Set<String>)
  func stop()
}

/// Polls every two seconds: for systems without notifications, and if the kernel's limit of watches is reached.
final class PollingFileWatcher: FileWatcher {
  private let area: WatchScope
  private let timer: any DispatchSourceTimer
  private let seen: Lock<[String]>
  private let files = Lock<Set<String>>([])

  init(_ area: WatchScope, _ queue: DispatchQueue, every seconds: Double = 2) {
    self.area = area
    seen = Lock(Self.look(area, []))
    timer = DispatchSource.makeTimerSource(queue: queue)
    timer.schedule(deadline: .now() + seconds, repeating: seconds)
  }

  func start(_ onEvent: @escaping @Sendable () -> Void) {
    timer.setEventHandler { [area, seen, files] in
      let now = Self.look(area, files.withLock { $0 })
      let isOther = seen.withLock { seen in
        defer { seen = now }
        return seen != now
      }
      if isOther { onEvent() }
    }
    timer.activate()
  }

  func follow(_ files: Set<String>) {
    self.files.withLock { $0 = files }
    seen.withLock { $0 = Self.look(area, files) }
  }

  func stop() { timer.cancel() }

  /// Each file with a stamp that changes when it is written, or when a link on its path gets another target.
  private static func look(_ area: WatchScope, _ files: Set<String>) -> [String] {
    let below = ((try? Files.below(area.root).files) ?? []).filter { !area.ignores(Files.parent(of: $0)) }
    return (below + files).sorted().map { "\($0) \(Files.stamp($0))" }
  }
}
