import CLibMicroHTTPD
package import Platform

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

package struct HTTPServerError: Error, CustomStringConvertible {
  package var description: String
}

/// What a server takes of a client at most. Times in seconds.
package struct HTTPServerLimits: Sendable {
  /// From the connection to the end of the first head.
  package var head = 10.0
  /// From there to the end of the body.
  package var body = 30.0
  /// Between two requests of a connection.
  package var idle = 60.0
  package var maximumBody = 1 << 20
  /// For a request's head and the head of its answer, in bytes.
  package var memory = 20 << 10
  package var connections = 4096
  /// 0: as many as all together.
  package var connectionsPerAddress = 0
  /// Requests are refused that two programs could read differently.
  package var isStrict = true

  package init() {}

  /// Of a double, which is as patient as what it stands for.
  package static let lenient: HTTPServerLimits = {
    var limits = HTTPServerLimits()
    (limits.head, limits.body, limits.idle, limits.isStrict) = (600, 600, 120, false)
    limits.memory = 32 << 10
    return limits
  }()
}

/// A certificate with its chain and its key, PEM.
package struct ServerCertificate: Sendable {
  package var chain: String
  package var key: String

  package init(chain: String, key: String) {
    self.chain = chain
    self.key = key
  }
}

/// An HTTP/1.1 server on libmicrohttpd: one polling thread; tasks compute the responses.
///
/// While a handler works, its connection is suspended; it is resumed when the response is stored.
package final class HTTPServer: Sendable {
  private struct Daemon: @unchecked Sendable {  // guard: libmicrohttpd's daemon calls used here are thread-safe
    let pointer: OpaquePointer
    /// Copies that libmicrohttpd may read until its end.
    let texts: [UnsafeMutablePointer<CChar>]
  }

  /// Where it listens, with the port that the kernel chose if the requested one is 0.
  package let address: ListenAddress
  private let daemon: Daemon
  private let core: ServerCore
  private let sweeper: Task<Void, Never>

  package var port: Int { if case .tcp(_, let port) = address { port } else { 0 } }

  /// - Throws: `HTTPServerError`.
  package init(
    _ address: ListenAddress, limits: HTTPServerLimits = HTTPServerLimits(), certificate: ServerCertificate? = nil,
    handler: any HTTPHandler
  ) throws {
    CurrentProcess.ignoreFailedWrites()
    let socket: ListeningSocket
    do {
      socket = try ListeningSocket.open(address)
    } catch {
      throw HTTPServerError(description: "\(error)")
    }
    let core = ServerCore(handler: handler, limits: limits)
    let context = Unmanaged.passRetained(core)
    let texts = certificate.map { [strdup($0.chain), strdup($0.key)].compactMap(\.self) } ?? []
    let bounds = shim_mhd_limits(
      connections: UInt32(limits.connections), connections_per_address: UInt32(limits.connectionsPerAddress),
      idle_seconds: UInt32(limits.idle), memory: limits.memory)
    let started = shim_mhd_start(
      socket.descriptor, ServerCallbacks.access, context.toOpaque(), ServerCallbacks.completed, ServerCallbacks.uri,
      ServerCallbacks.changed, bounds, texts.first, texts.last)
    guard let started else {
      context.release()
      socket.close()
      for text in texts { free(text) }
      let cause = certificate == nil ? "" : ": certificate and key do not belong together, or are no PEM"
      throw HTTPServerError(description: "cannot serve on \(address)\(cause)")
    }
    daemon = Daemon(pointer: started, texts: texts)
    self.core = core
    self.address = socket.address
    core.streams.start()
    sweeper = Task { [connections = core.connections] in
      while !Task.isCancelled {
        connections.closeLate()
        try? await Task.sleep(for: .seconds(1))  // deadlines are a matter of time
      }
    }
  }

  /// Listens on an IPv4 address, as a double does.
  package convenience init(
    address: String, port: Int, maximumBody: Int = 1 << 20, handler: any HTTPHandler
  ) throws {
    guard let place = ListenAddress("\(address):\(port)") else {
      throw HTTPServerError(description: "'\(address)' is not an IPv4 address")
    }
    var limits = HTTPServerLimits.lenient
    limits.maximumBody = maximumBody
    try self.init(place, limits: limits, handler: handler)
  }

  /// Connections, those that wait for a next request included.
  package var connectionCount: Int { core.connections.count }
  package var streamCount: Int { core.streams.count }

  /// Closes idle keep-alive connections, as nginx does when it reloads. Requests in progress continue.
  package func closeIdleConnections() { core.connections.closeIdle() }

  /// Starts no new request, ends all streams, waits for requests in progress, then closes everything. A second call does
  /// nothing.
  package func stop() async {
    guard core.isFirstStop() else { return }
    sweeper.cancel()
    // Not quiesced first: in libmicrohttpd 0.9.75 the caller and the daemon's thread then both remove the socket from
    // epoll, and if the thread is second it aborts the process. Until `stop` ends, new connections are closed.
    core.streams.close()
    await core.drain()
    MHD_stop_daemon(daemon.pointer)
    Unmanaged.passUnretained(core).release()
    for text in daemon.texts { free(text) }
    if case .unix(let path) = address { unlink(path) }
  }
}
