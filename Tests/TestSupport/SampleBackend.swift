package import HTTPServer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A backend that always gives the same response.
package struct SampleBackend: HTTPHandler {
  package var status: Int
  package init(status: Int = 200) { self.status = status }
  package func respond(to request: HTTPRequest) async -> HTTPResponse {
    HTTPResponse(status: status, headers: [("Content-Type", "text/plain")], body: Array("hello".utf8))
  }
}

/// Runs a body with a backend on its own port.
package func withBackend(status: Int = 200, _ body: (Int) async throws -> Void) async throws {
  let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: SampleBackend(status: status))
  do {
    try await body(server.port)
  } catch {
    await server.stop()
    throw error
  }
  await server.stop()
}

/// A port that nothing listens on. It stays bound until this process ends: neither another test nor the source of a
/// connection can get it, and a server that sets `SO_REUSEADDR`, as most do, can listen on it.
package func reservedPort() throws -> Int {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr = in_addr(s_addr: UInt32(0x7f00_0001).bigEndian)
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  #if canImport(Glibc)
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  #else
    let descriptor = socket(AF_INET, SOCK_STREAM, 0)
  #endif
  var reuse: Int32 = 1
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
  let code = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      descriptor < 0 || bind(descriptor, $0, length) != 0 ? -1 : getsockname(descriptor, $0, &length)
    }
  }
  guard code == 0 else { throw NoPort(error: errno) }
  return Int(UInt16(bigEndian: address.sin_port))
}

package struct NoPort: Error {
  package var error: Int32
}
