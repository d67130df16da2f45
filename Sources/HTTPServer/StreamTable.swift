import CLibMicroHTTPD
import Platform

#if os(Linux)
  import Glibc
#endif

/// The open streams of a server. On Linux it notices at once when a client hangs up; elsewhere the second push does.
///
/// libmicrohttpd takes a suspended connection out of its epoll, so that its end would stay unseen.
final class StreamTable: Sendable {
  private struct State {
    var next: UInt64 = 1
    var streams: [UInt64: HTTPStream] = [:]
    var isClosing = false
  }

  private let state = Lock(State())

  #if os(Linux)
    private let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    /// Wakes the watch, for its end.
    private let wake = eventfd(0, Int32(EFD_CLOEXEC))
  #endif

  #if os(Linux)
    deinit {
      Glibc.close(epoll)
      Glibc.close(wake)
    }
  #endif

  /// Starts the watch, which ends with `close`.
  func start() {
    #if os(Linux)
      var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: 0))
      epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event)
      startThread { self.watch() }
    #endif
  }

  /// False: the server is stopping, and the stream is closed.
  func add(_ stream: HTTPStream) -> Bool {
    let id = state.withLock { state -> UInt64? in
      guard !state.isClosing else { return nil }
      defer { state.next += 1 }
      state.streams[state.next] = stream
      return state.next
    }
    guard let id else {
      stream.close()
      return false
    }
    stream.onEnd { [self] in state.withLock { _ = $0.streams.removeValue(forKey: id) } }
    #if os(Linux)
      // The kernel forgets a closed descriptor by itself.
      var event = epoll_event(events: EPOLLRDHUP.rawValue | EPOLLONESHOT.rawValue, data: epoll_data_t(u64: id))
      epoll_ctl(epoll, EPOLL_CTL_ADD, stream.socket, &event)
    #endif
    return true
  }

  var count: Int { state.withLock { $0.streams.count } }

  /// Ends all of them, and takes no more.
  func close() {
    let streams = state.withLock { state in
      state.isClosing = true
      return Array(state.streams.values)
    }
    for stream in streams { stream.abort() }
    #if os(Linux)
      var one: UInt64 = 1
      _ = write(wake, &one, 8)
    #endif
  }

  #if os(Linux)
    private func watch() {
      var events = [epoll_event](repeating: epoll_event(), count: 64)
      while true {
        let count = epoll_wait(epoll, &events, 64, -1)
        for event in events.prefix(max(0, Int(count))) {
          let id = event.data.u64
          guard id > 0 else { return }
          state.withLock { $0.streams[id] }?.abort()
        }
      }
    }
  #endif
}
