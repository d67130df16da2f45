import CLibCurl
import Platform

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A connection that stays idle after one response, to detect that its peer closes it: nginx closes all idle
/// connections when it reloads.
///
/// It has its own handle, so that no other transfer uses it, and blocks a thread of a pool for its request and each wait.
package final class IdleConnection: @unchecked Sendable {  // guard: only `make` and `deinit` use the handle
  private static let pool = BlockingPool(width: 64)

  private let handle: EasyHandle
  private let socket: Int32
  /// The response to its request.
  package let answer: TransferResult

  private init(handle: EasyHandle, socket: Int32, answer: TransferResult) {
    self.handle = handle
    self.socket = socket
    self.answer = answer
  }

  /// Sends the request; nil: it failed, or the peer does not keep the connection open.
  package static func open(_ transfer: HTTPTransfer) async -> IdleConnection? {
    await pool.run { make(transfer) }
  }

  private static func make(_ transfer: HTTPTransfer) -> IdleConnection? {
    let handle = EasyHandle()
    handle.prepare(transfer, id: 0)
    let code = curl_easy_perform(handle.pointer)
    guard case .success(let answer) = handle.outcome(code), let socket = handle.activeSocket else { return nil }
    let connection = IdleConnection(handle: handle, socket: socket, answer: answer)
    // A connection that the peer closes at once shows nothing.
    return connection.isEnded(within: 0) ? nil : connection
  }

  /// Waits up to `seconds` for the peer to close it; returns whether it did.
  package func ends(within seconds: Double) async -> Bool {
    if isEnded(within: 0) { return true }
    guard seconds > 0 else { return false }
    return await Self.pool.run { [self] in isEnded(within: seconds) }
  }

  /// Any input on an idle connection means that the peer closes it: a FIN, a reset, or a TLS close alert.
  private func isEnded(within seconds: Double) -> Bool {
    var watched = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
      let left = max(0, (deadline - .now) / .milliseconds(1))
      let count = poll(&watched, 1, Int32(left.rounded(.up)))
      if count > 0 { return true }
      if count == 0 || errno != EINTR { return false }
    }
  }
}
