#if canImport(Glibc)
  package import Glibc
#else
  package import Darwin
#endif

/// Where a server listens: `127.0.0.1:9890`, `[::1]:9890` or `unix:/run/reconciler.sock`.
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
  /// The address is IPv4 or IPv6, without brackets. Port 0: the kernel chooses.
  case tcp(address: String, port: Int)
  case unix(path: String)

  /// nil: the text is none of these.
  package init?(_ text: String) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      guard path.hasPrefix("/"), path.utf8.count < Self.longestPath else { return nil }
      self = .unix(path: path)
      return
    }
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65535).contains(port)
    else { return nil }
    var host = String(text[..<colon])
    if host == "localhost" { host = "127.0.0.1" }
    if host.hasPrefix("["), host.hasSuffix("]") {
      let bare = String(host.dropFirst().dropLast())
      guard Self.isIPv6(bare) else { return nil }
      self = .tcp(address: bare, port: port)
    } else {
      guard Self.isIPv4(host) else { return nil }
      self = .tcp(address: host, port: port)
    }
  }

  package var description: String {
    switch self {
    case .tcp(let address, let port): address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  /// Whether only this machine reaches it.
  package var isLocal: Bool {
    switch self {
    case .tcp(let address, _): address.hasPrefix("127.") || address == "::1"
    case .unix: true
    }
  }

  /// The same address with another port.
  package func with(port: Int) -> ListenAddress {
    if case .tcp(let address, _) = self { .tcp(address: address, port: port) } else { self }
  }

  /// What fits into `sun_path`, with its end.
  private static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path)

  private static func isIPv4(_ text: String) -> Bool {
    var found = in_addr()
    return inet_pton(AF_INET, text, &found) == 1
  }

  private static func isIPv6(_ text: String) -> Bool {
    var found = in6_addr()
    return inet_pton(AF_INET6, text, &found) == 1
  }
}

extension ListenAddress {
  /// A stream socket of the family of this address; negative: see `errno`.
  package func makeSocket() -> Int32 {
    #if canImport(Glibc)
      let kind = Int32(SOCK_STREAM.rawValue)
    #else
      let kind = SOCK_STREAM
    #endif
    switch self {
    case .unix: return socket(AF_UNIX, kind, 0)
    case .tcp(let text, _): return socket(text.contains(":") ? AF_INET6 : AF_INET, kind, 0)
    }
  }

  /// The address as `bind` and `connect` take it.
  package func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    switch self {
    case .unix(let path):
      var place = sockaddr_un()
      place.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &place.sun_path) { $0.copyBytes(from: path.utf8) }
      return Self.pass(place, body)
    case .tcp(let text, let port) where text.contains(":"):
      var place = sockaddr_in6()
      place.sin6_family = sa_family_t(AF_INET6)
      place.sin6_port = in_port_t(UInt16(port)).bigEndian
      _ = inet_pton(AF_INET6, text, &place.sin6_addr)
      return Self.pass(place, body)
    case .tcp(let text, let port):
      var place = sockaddr_in()
      place.sin_family = sa_family_t(AF_INET)
      place.sin_port = in_port_t(UInt16(port)).bigEndian
      _ = inet_pton(AF_INET, text, &place.sin_addr)
      return Self.pass(place, body)
    }
  }

  private static func pass<Place, Result>(
    _ place: Place, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    withUnsafePointer(to: place) { raw in
      raw.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Place>.size)) }
    }
  }
}

/// A socket that listens.
package struct ListeningSocket: Sendable {
  package struct Problem: Error, CustomStringConvertible {
    package var description: String
  }

  package let descriptor: Int32
  /// The address with the port that the kernel chose.
  package let address: ListenAddress

  package func close() { Self.close(descriptor) }

  private static func close(_ descriptor: Int32) {
    #if canImport(Glibc)
      _ = Glibc.close(descriptor)
    #else
      _ = Darwin.close(descriptor)
    #endif
  }

  /// - Throws: `Problem`, which names the address.
  package static func open(_ address: ListenAddress) throws -> ListeningSocket {
    let descriptor =
      if case .unix(let path) = address { try openUnix(path, address) } else { try listening(make(address), address) }
    return ListeningSocket(descriptor: descriptor, address: address.with(port: boundPort(descriptor)))
  }

  private static func make(_ address: ListenAddress) throws -> Int32 {
    let descriptor = address.makeSocket()
    guard descriptor >= 0 else { throw problem(address) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    return descriptor
  }

  /// `[::]` is every address, also of IPv4; any other of IPv6 is that one.
  private static func limit(_ descriptor: Int32, to text: String) {
    var isOnlyIPv6: Int32 = text == "::" ? 0 : 1
    #if canImport(Glibc)
      let level = Int32(IPPROTO_IPV6)
    #else
      let level = IPPROTO_IPV6
    #endif
    setsockopt(descriptor, level, IPV6_V6ONLY, &isOnlyIPv6, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Only its owner and group may connect. A file of a server that is gone is replaced, one that is in use is not.
  private static func openUnix(_ path: String, _ address: ListenAddress) throws -> Int32 {
    let other = try make(address)
    let isInUse = address.withSocketAddress { connect(other, $0, $1) == 0 }
    close(other)
    guard !isInUse else { throw Problem(description: "cannot listen on \(address): another program listens there") }
    var found = stat()
    if lstat(path, &found) == 0 {
      guard found.st_mode & S_IFMT == S_IFSOCK else {
        throw Problem(description: "cannot listen on \(address): a file is there that is no socket")
      }
      unlink(path)
    }
    let descriptor = try make(address)
    let mask = umask(0o117)
    defer { umask(mask) }
    return try listening(descriptor, address)
  }

  private static func listening(_ descriptor: Int32, _ address: ListenAddress) throws -> Int32 {
    if case .tcp(let text, _) = address, text.contains(":") { limit(descriptor, to: text) }
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    let isBound = address.withSocketAddress { bind(descriptor, $0, $1) == 0 }
    guard isBound, listen(descriptor, 511) == 0 else {
      let problem = problem(address)
      close(descriptor)
      throw problem
    }
    return descriptor
  }

  private static func boundPort(_ descriptor: Int32) -> Int {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { raw in
      raw.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &size) }
      // The port has the same place in both families.
      return raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Int(UInt16(bigEndian: $0.pointee.sin_port)) }
    }
  }

  private static func problem(_ address: ListenAddress) -> Problem {
    Problem(description: "cannot listen on \(address): \(String(cString: strerror(errno)))")
  }
}
