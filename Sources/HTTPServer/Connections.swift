import Platform

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Open connections, what they are doing, and until when, by socket.
///
/// libmicrohttpd limits only idleness: one byte a second keeps a request alive for ever. Here each step has an end.
final class Connections: Sendable {
  private enum Step { case head, body, answer, idle }

  private struct Connection {
    var step: Step
    /// nil: it may take as long as it likes.
    var deadline: ContinuousClock.Instant?
  }

  private let open = Lock<[Int32: Connection]>([:])
  private let limits: HTTPServerLimits

  init(_ limits: HTTPServerLimits) { self.limits = limits }

  func began(_ socket: Int32) { set(socket, .head, limits.head) }
  func ended(_ socket: Int32) { open.withLock { $0[socket] = nil } }

  /// Its head is complete.
  func receivesBody(_ socket: Int32) { change(socket, .body, limits.body) }
  /// Its body is complete: an answer takes as long as it takes.
  func isAnswered(_ socket: Int32) { change(socket, .answer, nil) }
  /// It waits for a next request, whose head must be complete by then.
  func isIdle(_ socket: Int32) { change(socket, .idle, limits.idle + limits.head) }

  private func set(_ socket: Int32, _ step: Step, _ seconds: Double?) {
    let deadline = seconds.map { ContinuousClock.now + .seconds($0) }
    open.withLock { $0[socket] = Connection(step: step, deadline: deadline) }
  }

  private func change(_ socket: Int32, _ step: Step, _ seconds: Double?) {
    let deadline = seconds.map { ContinuousClock.now + .seconds($0) }
    open.withLock { open in
      if open[socket] != nil { open[socket] = Connection(step: step, deadline: deadline) }
    }
  }

  var count: Int { open.withLock { $0.count } }

  // The two below act under the lock: libmicrohttpd reports the end of a connection before it closes the socket, so the
  // descriptor still belongs to that connection.

  /// Closes the keep-alive connections that wait for a next request.
  func closeIdle() {
    open.withLock { open in
      for (socket, connection) in open where connection.step == .idle { _ = shutdown(socket, Int32(SHUT_RDWR)) }
    }
  }

  /// Closes connections whose time is over.
  func closeLate() {
    let now = ContinuousClock.now
    open.withLock { open in
      for (socket, connection) in open where connection.deadline.map({ $0 < now }) == true {
        _ = shutdown(socket, Int32(SHUT_RDWR))
        open[socket]?.deadline = nil
      }
    }
  }
}
