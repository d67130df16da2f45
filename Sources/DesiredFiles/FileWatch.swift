@preconcurrency import Dispatch
import Platform

/// Says when something below a directory may have changed. What it was is not told: who cares reads everything again.
package final class FileWatch: Sendable {
  private let timer: any DispatchSourceTimer
  private let queue = DispatchQueue(label: "reconciler.files")
  private let source: any ChangeSource
  private let state: Lock<Debounce>
  private let onChange: @Sendable () -> Void

  /// - Parameters:
  ///   - root: a directory; it may be made later, or be replaced.
  ///   - quiet: seconds without a change after which `onChange` is called.
  ///   - longest: seconds after which it is called although changes go on.
  package init(_ root: String, quiet: Double = 0.1, longest: Double = 2, onChange: @escaping @Sendable () -> Void) {
    state = Lock(Debounce(quiet: quiet, longest: longest))
    self.onChange = onChange
    timer = DispatchSource.makeTimerSource(queue: queue)
    source = Self.source(root, queue)
    timer.setEventHandler { [weak self] in self?.fire() }
    timer.activate()
    source.start { [weak self] in self?.note() }
  }

  deinit {
    source.stop()
    timer.cancel()
  }

  /// The kernel's word where there is one, else our own look.
  private static func source(_ root: String, _ queue: DispatchQueue) -> any ChangeSource {
    #if os(Linux)
      if let inotify = InotifySource(root, queue) { return inotify }
    #endif
    return PollingSource(root, queue)
  }

  private static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

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

/// Tells of changes below a directory, in any number, on the queue that it was given.
protocol ChangeSource: Sendable {
  func start(_ onEvent: @escaping @Sendable () -> Void)
  func stop()
}

/// Looks every other second: for systems without a better way, and where the kernel's way is used up.
final class PollingSource: ChangeSource {
  private let root: String
  private let timer: any DispatchSourceTimer
  private let seen: Lock<[String]>

  init(_ root: String, _ queue: DispatchQueue, every seconds: Double = 2) {
    self.root = root
    seen = Lock(Self.look(root))
    timer = DispatchSource.makeTimerSource(queue: queue)
    timer.schedule(deadline: .now() + seconds, repeating: seconds)
  }

  func start(_ onEvent: @escaping @Sendable () -> Void) {
    timer.setEventHandler { [root, seen] in
      let now = Self.look(root)
      let isOther = seen.withLock { seen in
        defer { seen = now }
        return seen != now
      }
      if isOther { onEvent() }
    }
    timer.activate()
  }

  func stop() { timer.cancel() }

  /// Each file with what changes when it is written.
  private static func look(_ root: String) -> [String] {
    ((try? Files.below(root).files) ?? []).sorted().map { "\($0) \(Files.stamp($0))" }
  }
}
