import Dispatch

/// Writes to a descriptor in a thread of its own: a pipe that nothing reads stops no caller. What does not fit is counted,
/// and the count is written once there is room.
package final class BoundedWriter: Sendable {
  private struct State {
    var lines: [String] = []
    var dropped = 0
    var isWriting = false
  }

  private let descriptor: Int32
  private let capacity: Int
  private let state = Lock(State())
  private let work = DispatchSemaphore(value: 0)
  private let idle = DispatchSemaphore(value: 0)

  /// - Parameter capacity: lines that wait.
  package init(_ descriptor: Int32, capacity: Int = 1000) {
    self.descriptor = descriptor
    self.capacity = capacity
    startThread { [self] in run() }
  }

  package func write(_ line: String) {
    let isTaken = state.withLock { state in
      guard state.lines.count < capacity else {
        state.dropped += 1
        return false
      }
      state.lines.append(line)
      return true
    }
    if isTaken { work.signal() }
  }

  /// Waits until everything is written, so many seconds at most.
  package func flush(within seconds: Double) {
    let deadline = DispatchTime.now() + seconds
    while state.withLock({ !$0.lines.isEmpty || $0.isWriting }) {
      if idle.wait(timeout: deadline) == .timedOut { return }
    }
  }

  private func run() {
    while true {
      work.wait()
      let (line, dropped) = state.withLock { state in
        defer { (state.dropped, state.isWriting) = (0, true) }
        return (state.lines.isEmpty ? "" : state.lines.removeFirst(), state.dropped)
      }
      let note = dropped > 0 ? "\(dropped) lines of the log were dropped: nothing read them\n" : ""
      try? Files.writeAll(descriptor, Array((line + note).utf8), path: "output")
      state.withLock { $0.isWriting = false }
      idle.signal()
    }
  }
}
