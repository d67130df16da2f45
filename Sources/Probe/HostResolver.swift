import Model
import Platform

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Resolves each name once with the system's resolver, in separate threads: `getaddrinfo` has no timeout and cannot be
/// interrupted, so a look-up that hangs is abandoned.
package actor HostResolver {
  package enum Outcome: Equatable, Sendable {
    case addresses([String])
    case failed(String)
    case timedOut
  }

  /// Maximum number of concurrent look-ups, including those that hang.
  private static let maximumThreads = 32
  private var known: [String: Task<Outcome, Never>] = [:]
  private let gate = AsyncSemaphore(HostResolver.maximumThreads)
  nonisolated let find: @Sendable (String) -> Outcome

  init(lookUp: @escaping @Sendable (String) -> Outcome) { find = lookUp }

  /// The addresses of `host`; at least one on success.
  func resolve(_ host: String, timeout: Double) async -> Outcome {
    if let task = known[host] { return await task.value }
    let task = Task { [gate, find] in await Self.lookUp(host, timeout: timeout, gate: gate, find) }
    known[host] = task
    return await task.value
  }

  /// Whether `text` is already an address.
  static func isAddress(_ text: String) -> Bool {
    var buffer = in6_addr()
    return inet_pton(AF_INET, text, &buffer) == 1 || inet_pton(AF_INET6, text, &buffer) == 1
  }

  private static func lookUp(
    _ host: String, timeout: Double, gate: AsyncSemaphore, _ find: @escaping @Sendable (String) -> Outcome
  ) async -> Outcome {
    await gate.enter()
    let answer = Promise<Outcome>()
    startThread {
      answer.keep(find(host))
      gate.leave()
    }
    let timer = Task {
      await Pause.wait(timeout)  // the time limit: `getaddrinfo` has none
      if !Task.isCancelled { answer.keep(.timedOut) }
    }
    defer { timer.cancel() }
    return await answer.value
  }

  /// The result of the system's resolver. Blocks.
  package static func ask(_ host: String) -> Outcome {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    #if canImport(Glibc)
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      hints.ai_socktype = SOCK_STREAM
    #endif
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, &hints, &list)
    guard code == 0 else { return .failed(String(cString: gai_strerror(code))) }
    defer { freeaddrinfo(list) }
    var addresses: [String] = []
    var next = list
    while let entry = next {
      var buffer = [CChar](repeating: 0, count: 64)
      let length = socklen_t(buffer.count)
      if getnameinfo(entry.pointee.ai_addr, entry.pointee.ai_addrlen, &buffer, length, nil, 0, NI_NUMERICHOST) == 0 {
        let text = buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }  // getnameinfo ends it with zero
        if !addresses.contains(text) { addresses.append(text) }
      }
      next = entry.pointee.ai_next
    }
    return addresses.isEmpty ? .failed("no address") : .addresses(addresses)
  }
}
