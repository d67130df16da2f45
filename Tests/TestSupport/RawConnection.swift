package import Platform

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A connection on which a test says exactly what it wants. Its calls block, for at most `patience` seconds.
package struct RawConnection: Sendable {
  package struct Failed: Error {}

  private let descriptor: Int32

  /// - Parameter receiveBuffer: bytes that the kernel takes for a client that does not read; nil: its default.
  package init(_ address: ListenAddress, patience: Int = 20, receiveBuffer: Int32? = nil) throws {
    descriptor = address.makeSocket()
    if var receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
    }
    var wait = timeval(tv_sec: .init(patience), tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    let isConnected = address.withSocketAddress { [descriptor] in connect(descriptor, $0, $1) == 0 }
    guard isConnected else {
      Self.close(descriptor)
      throw Failed()
    }
  }

  /// False: the peer has closed.
  @discardableResult package func send(_ text: String) -> Bool { send(bytes: Array(text.utf8)) }

  @discardableResult package func send(bytes: [UInt8]) -> Bool {
    #if canImport(Glibc)
      let flags = Int32(MSG_NOSIGNAL)
    #else
      let flags = Int32(0)
    #endif
    return sendto(descriptor, bytes, bytes.count, flags, nil, 0) == bytes.count
  }

  /// What is there next; empty: the peer has closed. nil: nothing came in time.
  package func receive() -> String? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    guard count >= 0 else { return errno == EAGAIN ? nil : "" }
    return String(decoding: buffer.prefix(count), as: UTF8.self)
  }

  /// Everything until the peer closes, or until the text ends with this.
  package func receiveAll(until end: String? = nil) -> String {
    var text = ""
    while let part = receive(), !part.isEmpty {
      text += part
      if let end, text.hasSuffix(end) { break }
    }
    return text
  }

  package func close() { Self.close(descriptor) }

  private static func close(_ descriptor: Int32) {
    #if canImport(Glibc)
      _ = Glibc.close(descriptor)
    #else
      _ = Darwin.close(descriptor)
    #endif
  }
}
