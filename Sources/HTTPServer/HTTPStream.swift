import CLibMicroHTTPD
import Platform

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A body that is sent as it comes. Safe from any thread; what was pushed before it has a connection is sent first.
package final class HTTPStream: Sendable {
  package enum Push: Sendable {
    case queued
    /// The client does not read: nothing more fits.
    case slow
    /// The client is gone, or the stream is closed.
    case gone
  }

  /// The pointer is cleared by `detach`.
  private struct State: @unchecked Sendable {  // guard: the pointer is used under the lock only
    var connection: OpaquePointer?
    var socket: Int32 = -1
    var bytes: [UInt8] = []
    var start = 0
    var isSuspended = false
    var isClosed = false
    /// It had a connection, which has ended.
    var isOver = false
    var onEnd: [@Sendable () -> Void] = []
  }

  private let state = Lock(State())
  private let limit: Int

  /// - Parameter limit: bytes that wait for the client at most.
  package init(limit: Int = 64 << 10) { self.limit = limit }

  package func push(_ bytes: some Collection<UInt8>) -> Push {
    state.withLock { state in
      if state.isClosed { return .gone }
      let waiting = state.bytes.count - state.start
      // Alone, also something larger goes through.
      if waiting > 0, waiting + bytes.count > limit { return .slow }
      state.bytes += bytes
      Self.wake(&state)
      return .queued
    }
  }

  /// Ends it after what is queued.
  package func close() {
    state.withLock { state in
      state.isClosed = true
      Self.wake(&state)
    }
  }

  /// Ends it at once, also for a client that does not read.
  package func abort() {
    state.withLock { state in
      state.isClosed = true
      (state.bytes, state.start) = ([], 0)
      guard state.connection != nil else { return }
      _ = shutdown(state.socket, Int32(SHUT_RDWR))
      Self.wake(&state)
    }
  }

  /// Called once, when the connection has ended; at once if it has.
  package func onEnd(_ body: @escaping @Sendable () -> Void) {
    let isOver = state.withLock { state in
      if !state.isOver { state.onEnd.append(body) }
      return state.isOver
    }
    if isOver { body() }
  }

  /// Whether its connection has ended.
  package var isOver: Bool { state.withLock { $0.isOver } }

  // MARK: The server's side

  func attach(_ connection: OpaquePointer) {
    shim_mhd_no_timeout(connection)
    state.withLock { state in
      state.connection = connection
      state.socket = shim_mhd_socket(connection)
    }
  }

  var socket: Int32 { state.withLock { $0.socket } }

  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Takes what waits, as a client that reads.
  func takeQueued() -> String {
    state.withLock { state in
      defer { (state.bytes, state.start) = ([], 0) }
      return String(decoding: state.bytes[state.start...], as: UTF8.self)
    }
  }

  /// What waits for the client, as text.
  var queued: String { state.withLock { String(decoding: $0.bytes[$0.start...], as: UTF8.self) } }

  func detach() {
    let ended = state.withLock { state in
      state.connection = nil
      (state.isClosed, state.isOver) = (true, true)
      (state.bytes, state.start) = ([], 0)
      defer { state.onEnd = [] }
      return state.onEnd
    }
    for body in ended { body() }
  }

  /// Inside the lock: the connection cannot vanish.
  private static func wake(_ state: inout State) {
    guard state.isSuspended, let connection = state.connection else { return }
    state.isSuspended = false
    MHD_resume_connection(connection)
  }

  /// What libmicrohttpd asks for: bytes, or a suspension until there are some.
  func read(_ room: UnsafeMutableRawBufferPointer) -> Int {
    state.withLock { state in
      let count = min(room.count, state.bytes.count - state.start)
      if count > 0 {
        state.bytes.withUnsafeBytes { bytes in
          room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[state.start..<state.start + count]))
        }
        state.start += count
        if state.start == state.bytes.count {
          state.bytes.removeAll(keepingCapacity: state.start <= 4096)
          state.start = 0
        }
        return count
      }
      if state.isClosed { return Int(shim_mhd_end_of_stream) }
      guard let connection = state.connection else { return Int(shim_mhd_end_with_error) }
      state.isSuspended = true
      MHD_suspend_connection(connection)
      return 0
    }
  }

  func makeResponse() -> OpaquePointer? {
    MHD_create_response_from_callback(
      shim_mhd_size_unknown, 4096,
      { context, _, buffer, size in
        guard let context, let buffer else { return Int(shim_mhd_end_with_error) }
        return Unmanaged<HTTPStream>.fromOpaque(context).takeUnretainedValue()
          .read(UnsafeMutableRawBufferPointer(start: buffer, count: size))
      }, Unmanaged.passRetained(self).toOpaque(),
      { context in if let context { Unmanaged<HTTPStream>.fromOpaque(context).release() } })
  }
}
