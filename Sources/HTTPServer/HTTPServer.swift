import CLibMicroHTTPD
import Platform

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

package struct HTTPServerError: Error, CustomStringConvertible {
  package var description: String
}

/// An HTTP/1.1 server on libmicrohttpd: one polling thread; tasks compute the responses.
///
/// While a handler works, its connection is suspended; it is resumed when the response is stored.
package final class HTTPServer: Sendable {
  private struct Daemon: @unchecked Sendable {  // guard: libmicrohttpd's daemon calls used here are thread-safe
    let pointer: OpaquePointer
  }

  /// The listening port, chosen by the kernel if the requested one is 0.
  package let port: Int
  private let daemon: Daemon
  private let core: ServerCore

  /// Listens on an IPv4 address.
  package init(address: String, port: Int, maximumBody: Int = 1 << 20, handler: any HTTPHandler) throws {
    CurrentProcess.ignoreFailedWrites()
    let core = ServerCore(handler: handler, maximumBody: maximumBody)
    let context = Unmanaged.passRetained(core)
    var socketAddress = sockaddr_in()
    socketAddress.sin_family = sa_family_t(AF_INET)
    socketAddress.sin_port = in_port_t(UInt16(port)).bigEndian
    guard inet_pton(AF_INET, address, &socketAddress.sin_addr) == 1 else {
      context.release()
      throw HTTPServerError(description: "'\(address)' is not an IPv4 address")
    }
    let started = withUnsafePointer(to: &socketAddress) { raw in
      raw.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        shim_mhd_start(
          $0, ServerCallbacks.access, context.toOpaque(), ServerCallbacks.completed, ServerCallbacks.uri,
          ServerCallbacks.changed, 4096, 120, 32768)
      }
    }
    guard let started else {
      let reason = String(cString: strerror(errno))
      context.release()
      throw HTTPServerError(description: "cannot listen on \(address):\(port): \(reason)")
    }
    daemon = Daemon(pointer: started)
    self.core = core
    self.port = Int(shim_mhd_port(started))
  }

  /// Closes idle keep-alive connections, as nginx does when it reloads. Requests in progress continue.
  package func closeIdleConnections() { core.connections.closeIdle() }

  /// Starts no new request, waits for those in progress, then closes everything. A second call does nothing.
  package func stop() async {
    guard core.isFirstStop() else { return }
    // Not quiesced first: in libmicrohttpd 0.9.75 the caller and the daemon's thread then both remove the socket from
    // epoll, and if the thread is second it aborts the process. Until `stop` ends, new connections are closed.
    await core.drain()
    MHD_stop_daemon(daemon.pointer)
    Unmanaged.passUnretained(core).release()
  }
}

/// State that the callbacks share: the handler and the number of requests in progress.
final class ServerCore: Sendable {
  private struct State {
    var inFlight = 0
    var isStopping = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }
  let handler: any HTTPHandler
  let maximumBody: Int
  let connections = Connections()
  private let state = Lock(State())

  init(handler: any HTTPHandler, maximumBody: Int) {
    self.handler = handler
    self.maximumBody = maximumBody
  }

  /// Registers a request that suspends its connection; false: the server is stopping, do not start it.
  func begin() -> Bool {
    state.withLock { state in
      if !state.isStopping { state.inFlight += 1 }
      return !state.isStopping
    }
  }

  func ended() {
    let waiters = state.withLock { state in
      state.inFlight -= 1
      guard state.inFlight == 0 else { return [CheckedContinuation<Void, Never>]() }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Whether this is the first call of `stop`.
  func isFirstStop() -> Bool {
    state.withLock { state in
      defer { state.isStopping = true }
      return !state.isStopping
    }
  }

  /// Returns when no request is in progress.
  func drain() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        if state.inFlight > 0 { state.waiters.append(continuation) }
        return state.inFlight == 0
      }
      if isIdle { continuation.resume() }
    }
  }
}

/// Open connections and their state, by socket.
final class Connections: Sendable {
  private enum State { case new, busy, idle }
  private let open = Lock<[Int32: State]>([:])

  func began(_ socket: Int32) { open.withLock { $0[socket] = .new } }
  func ended(_ socket: Int32) { open.withLock { $0[socket] = nil } }

  func setBusy(_ socket: Int32, _ isBusy: Bool) {
    open.withLock { open in if open[socket] != nil { open[socket] = isBusy ? .busy : .idle } }
  }

  /// Closes the keep-alive connections that wait for a next request. Under the lock: libmicrohttpd reports the end of a
  /// connection before it closes the socket, so the descriptor still belongs to that connection.
  func closeIdle() {
    open.withLock { open in
      for (socket, state) in open where state == .idle { _ = shutdown(socket, Int32(SHUT_RDWR)) }
    }
  }
}
