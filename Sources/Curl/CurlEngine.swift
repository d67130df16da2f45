import CLibCurl
import Platform

/// All transfers of a process on one libcurl multi handle, driven by one thread.
///
/// Thread rule: the multi and easy handles belong to that thread; others only post to the inbox and wake it.
package final class CurlEngine: Sendable {
  private struct Handle: @unchecked Sendable {  // guard: other threads call only `curl_multi_wakeup` with it
    let pointer: UnsafeMutableRawPointer
  }

  fileprivate struct Submission {
    var id: UInt64
    var transfer: HTTPTransfer
    var continuation: CheckedContinuation<TransferResult, any Error>
  }

  fileprivate struct Inbox {
    var nextID: UInt64 = 0
    var submitted: [Submission] = []
    var cancelled: [UInt64] = []
    var isStopping = false
  }

  private let inbox = Lock(Inbox())
  private let multi: Handle
  private let maximumLive: Int

  /// - Parameter maximumLive: maximum number of concurrent transfers; further ones wait in the engine, before their
  ///   timeouts start.
  package init(maximumLive: Int = 256) {
    _ = CurlEngine.globalInit
    guard let pointer = curl_multi_init() else { preconditionFailure("libcurl has no memory for a multi handle") }
    multi = Handle(pointer: pointer)
    self.maximumLive = maximumLive
    shim_curl_multi_set_long(pointer, CURLMOPT_MAXCONNECTS, maximumLive)
    let loop = Loop(multi: pointer, maximumLive: maximumLive)
    let inbox = inbox
    let handle = multi
    startThread {
      loop.run(nextWork: { inbox.withLock { box in box.take() } })
      curl_multi_cleanup(handle.pointer)
    }
  }

  deinit {
    inbox.withLock { $0.isStopping = true }
    curl_multi_wakeup(multi.pointer)
  }

  private static let globalInit: Void = { _ = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) }()

  /// Sends one request.
  ///
  /// - Throws: `TransferError`; its reason is `.cancelled` if the task is cancelled.
  package func perform(_ transfer: HTTPTransfer) async throws -> TransferResult {
    let id = inbox.withLock { box in
      box.nextID += 1
      return box.nextID
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let isDead = inbox.withLock { box in
          if Task.isCancelled { return true }
          box.submitted.append(Submission(id: id, transfer: transfer, continuation: continuation))
          return false
        }
        if isDead { return continuation.resume(throwing: TransferError.cancelled) }
        curl_multi_wakeup(multi.pointer)
      }
    } onCancel: {
      inbox.withLock { $0.cancelled.append(id) }
      curl_multi_wakeup(multi.pointer)
    }
  }
}

extension CurlEngine.Inbox {
  fileprivate mutating func take() -> CurlEngine.Work {
    defer {
      submitted = []
      cancelled = []
    }
    return CurlEngine.Work(submitted: submitted, cancelled: cancelled, isStopping: isStopping)
  }
}

extension CurlEngine {
  fileprivate struct Work {
    var submitted: [Submission]
    var cancelled: [UInt64]
    var isStopping: Bool
  }

  /// The state of the engine's thread.
  fileprivate final class Loop: @unchecked Sendable {  // guard: only the engine's thread uses it after `init`
    private let multi: UnsafeMutableRawPointer
    private let maximumLive: Int
    private var queue: [Submission] = []
    private var queueStart = 0
    private var live: [UInt64: (handle: EasyHandle, continuation: CheckedContinuation<TransferResult, any Error>)] = [:]
    private var idle: [EasyHandle] = []

    init(multi: UnsafeMutableRawPointer, maximumLive: Int) {
      self.multi = multi
      self.maximumLive = maximumLive
    }

    func run(nextWork: () -> Work) {
      while true {
        let work = nextWork()
        queue += work.submitted
        for id in work.cancelled { cancel(id) }
        startQueued()
        var running: Int32 = 0
        curl_multi_perform(multi, &running)
        finishDone()
        finishLate()
        startQueued()
        if work.isStopping && live.isEmpty && queueStart == queue.count { return }
        var ready: Int32 = 0
        curl_multi_poll(multi, nil, 0, pollTimeout, &ready)
      }
    }

    private func startQueued() {
      while live.count < maximumLive, queueStart < queue.count {
        let next = queue[queueStart]
        queueStart += 1
        let handle = idle.popLast() ?? EasyHandle()
        handle.prepare(next.transfer, id: next.id)
        live[next.id] = (handle, next.continuation)
        curl_multi_add_handle(multi, handle.pointer)
      }
      if queueStart == queue.count {
        queue.removeAll(keepingCapacity: true)
        queueStart = 0
      }
    }

    private func cancel(_ id: UInt64) {
      if let index = queue[queueStart...].firstIndex(where: { $0.id == id }) {
        queue.remove(at: index).continuation.resume(throwing: TransferError.cancelled)
      } else if let entry = live.removeValue(forKey: id) {
        curl_multi_remove_handle(multi, entry.handle.pointer)
        idle.append(entry.handle)
        entry.continuation.resume(throwing: TransferError.cancelled)
      }
    }

    /// Milliseconds until the next first byte is due, at most one second.
    private var pollTimeout: Int32 {
      guard let next = live.values.compactMap(\.handle.firstByteDue).min() else { return 1000 }
      let left = (next - .now) / .milliseconds(1)
      return left <= 0 ? 100 : Int32(min(1000, left.rounded(.up)))
    }

    /// Enforces `firstByteTimeout`: libcurl has no timeout for the first byte alone.
    private func finishLate() {
      let now = ContinuousClock.now
      for (id, entry) in live where entry.handle.isLate(at: now) {
        live[id] = nil
        curl_multi_remove_handle(multi, entry.handle.pointer)
        let error = entry.handle.lateness
        idle.append(entry.handle)
        entry.continuation.resume(throwing: error)
      }
    }

    private func finishDone() {
      var left: Int32 = 0
      while let message = curl_multi_info_read(multi, &left) {
        guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
        let code = shim_curl_message_result(message)
        guard let id = EasyHandle.identifier(of: easy), let entry = live.removeValue(forKey: id) else { continue }
        let outcome = entry.handle.outcome(code)
        curl_multi_remove_handle(multi, entry.handle.pointer)
        idle.append(entry.handle)
        entry.continuation.resume(with: outcome)
      }
    }
  }
}

extension TransferError {
  static let cancelled = TransferError(
    reason: .cancelled, message: "cancelled", timings: TransferTimings(), mayHaveBeenSent: true)
}
