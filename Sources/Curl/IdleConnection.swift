import CLibCurl
import Platform

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A connection that had one answered request and waits for the next, which never comes. Whether its peer ends it is what
/// it is for: nginx does so to all that are idle when it reloads.
///
/// It has a handle of its own, so that nobody else can use it, and a thread for its request and for each wait.
package final class IdleConnection: @unchecked Sendable {  // guard: the handle is used in `make` and `deinit` alone
  private let handle: EasyHandle
  private let socket: Int32
  /// What the one request was answered.
  package let answer: TransferResult

  private init(handle: EasyHandle, socket: Int32, answer: TransferResult) {
    self.handle = handle
    self.socket = socket
    self.answer = answer
  }

  /// Sends the request; nil: it failed, or the peer does not keep the connection.
  package static func open(_ transfer: HTTPTransfer) async -> IdleConnection? {
    await withCheckedContinuation { continuation in
      startThread { continuation.resume(returning: make(transfer)) }
    }
  }

  private static func make(_ transfer: HTTPTransfer) -> IdleConnection? {
    let handle = EasyHandle()
    handle.prepare(transfer, id: 0)
    let code = curl_easy_perform(handle.pointer)
    guard case .success(let answer) = handle.outcome(code), let socket = handle.activeSocket else { return nil }
    let connection = IdleConnection(handle: handle, socket: socket, answer: answer)
    // One that is ended at once tells nothing.
    return connection.isEnded(within: 0) ? nil : connection
  }

  /// Waits until the peer ends it, so many seconds at most.
  package func ends(within seconds: Double) async -> Bool {
    if isEnded(within: 0) { return true }
    guard seconds > 0 else { return false }
    return await withCheckedContinuation { continuation in
      startThread { [self] in continuation.resume(returning: isEnded(within: seconds)) }
    }
  }

  /// Whatever comes on a connection that was asked nothing is its end: a FIN, a reset, or the goodbye of TLS.
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
