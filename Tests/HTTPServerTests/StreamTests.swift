import Curl
import HTTPServer
import Platform
import TestSupport
import Testing

/// Gives each client a stream, and keeps it.
private final class Broadcaster: HTTPHandler {
  private let streams = Lock<[HTTPStream]>([])
  private let limit: Int

  init(limit: Int = 64 << 10) { self.limit = limit }

  func respond(to request: HTTPRequest) async -> HTTPResponse {
    let stream = HTTPStream(limit: limit)
    _ = stream.push(Array("hello\n".utf8))
    streams.withLock { $0.append(stream) }
    var response = HTTPResponse(status: 200, headers: [("Content-Type", "text/event-stream")])
    response.delivery = .stream(stream)
    return response
  }

  var all: [HTTPStream] { streams.withLock { $0 } }
}

@Suite struct StreamTests {
  private static let request = "GET /a HTTP/1.0\r\nHost: a\r\n\r\n"

  private func serve(
    _ handler: Broadcaster, _ body: @escaping @Sendable (HTTPServer) async throws -> Void
  ) async throws {
    let server = try HTTPServer(.tcp(address: "127.0.0.1", port: 0), handler: handler)
    do {
      try await body(server)
    } catch {
      await server.stop()
      throw error
    }
    await server.stop()
  }

  private func opened(_ server: HTTPServer, receiveBuffer: Int32? = nil) async throws -> RawConnection {
    try await BlockingPool.files.run {
      let connection = try RawConnection(server.address, receiveBuffer: receiveBuffer)
      connection.send(Self.request)
      _ = connection.receiveAll(until: "hello\n")
      return connection
    }
  }

  @Test func `what is pushed arrives, until the stream is closed`() async throws {
    let handler = Broadcaster()
    try await serve(handler) { server in
      let connection = try await opened(server)
      let stream = try #require(handler.all.first)
      _ = stream.push(Array("one\n".utf8))
      #expect(connection.receive() == "one\n")
      _ = stream.push(Array("two\n".utf8))
      stream.close()
      #expect(connection.receiveAll() == "two\n")
      if case .gone = stream.push(Array("three\n".utf8)) {
      } else {
        Issue.record("the stream took something after its end")
      }
      connection.close()
    }
  }

  @Test func `a client that hangs up is noticed although nothing is sent`() async throws {
    let handler = Broadcaster()
    try await serve(handler) { server in
      let connection = try await opened(server)
      #expect(server.streamCount == 1)
      connection.close()
      try await until { server.streamCount == 0 }
    }
  }

  @Test func `a client that does not read is slow, and the others notice nothing`() async throws {
    let handler = Broadcaster(limit: 4096)
    try await serve(handler) { server in
      let lazy = try await opened(server, receiveBuffer: 4096)
      let busy = try await opened(server)
      let (first, second) = (handler.all[0], handler.all[1])
      let block = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
      // Its kernel's buffers take some; then nothing more fits.
      var isSlow = false
      try await until {
        if case .slow = first.push(block) { isSlow = true }
        return isSlow || first.push([]) == .gone
      }
      #expect(isSlow)
      first.abort()
      _ = second.push(Array("still here\n".utf8))
      #expect(busy.receive() == "still here\n")
      try await until { server.streamCount == 1 }
      lazy.close()
      busy.close()
    }
  }

  @Test func `a server with open streams stops, and its clients see the end`() async throws {
    let handler = Broadcaster()
    let server = try HTTPServer(.tcp(address: "127.0.0.1", port: 0), handler: handler)
    var clients: [RawConnection] = []
    for _ in 0..<50 { clients.append(try await opened(server)) }
    #expect(server.streamCount == 50)
    await server.stop()
    for client in clients {
      #expect(client.receiveAll().isEmpty)
      client.close()
    }
  }
}

@Suite struct ListenTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test(arguments: ["127.0.0.1:0", "[::1]:0", "[::]:0"]) func `it listens on addresses of both kinds`(text: String)
    async throws
  {
    let server = try HTTPServer(try #require(ListenAddress(text)), handler: Telltale())
    #expect(server.port > 0)
    let local = text.hasPrefix("127") ? "127.0.0.1" : "::1"
    let answer = try await BlockingPool.files.run {
      let connection = try RawConnection(.tcp(address: local, port: server.port))
      defer { connection.close() }
      connection.send("GET /a HTTP/1.0\r\nHost: a\r\n\r\n")
      return connection.receiveAll()
    }
    #expect(answer.hasSuffix("GET /a 0 \(local)"), "\(answer)")
    if text == "[::]:0" {
      let mapped = try await BlockingPool.files.run {
        let connection = try RawConnection(.tcp(address: "127.0.0.1", port: server.port))
        defer { connection.close() }
        connection.send("GET /a HTTP/1.0\r\nHost: a\r\n\r\n")
        return connection.receiveAll()
      }
      #expect(mapped.hasSuffix("GET /a 0 127.0.0.1"), "\(mapped)")
    }
    await server.stop()
  }

  @Test func `a Unix socket is its owner's, and is gone after the stop`() async throws {
    let path = "\(scratch.path)/api.sock"
    let address = try #require(ListenAddress("unix:\(path)"))
    let server = try HTTPServer(address, handler: Telltale())
    let answer = try await BlockingPool.files.run {
      let connection = try RawConnection(address)
      defer { connection.close() }
      connection.send("GET /a HTTP/1.0\r\nHost: a\r\n\r\n")
      return connection.receiveAll()
    }
    #expect(answer.hasSuffix("GET /a 0 "), "\(answer)")
    #expect(throws: HTTPServerError.self) { try HTTPServer(address, handler: Telltale()) }
    await server.stop()
    #expect(!Files.exists(path))
    // What a killed server leaves is replaced, another file is not.
    try ListeningSocket.open(address).close()
    let next = try HTTPServer(address, handler: Telltale())
    await next.stop()
    try scratch.write("api.sock", "a file")
    #expect(throws: HTTPServerError.self) { try HTTPServer(address, handler: Telltale()) }
  }

  @Test(arguments: [
    "", "9890", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "::1:80", "[::1]", "host:80", "unix:", "unix:relative",
    "unix:/" + String(repeating: "x", count: 200), "256.0.0.1:80", "[::g]:80",
  ])
  func `what is no address is refused`(text: String) { #expect(ListenAddress(text) == nil) }

  @Test func `with a certificate it speaks TLS, and not 1.1`() async throws {
    let made = try TestCertificate.make(names: ["localhost"], days: 9)
    let server = try HTTPServer(
      .tcp(address: "127.0.0.1", port: 0), certificate: ServerCertificate(chain: made.certificate, key: made.key),
      handler: Telltale())
    let engine = CurlEngine()
    var transfer = HTTPTransfer(method: "GET", url: "https://127.0.0.1:\(server.port)/a")
    transfer.verifiesCertificates = false
    let answer = try await engine.perform(transfer)
    #expect(answer.status == 200)
    // The greeting of a client that speaks TLS 1.1 at most gets no answer.
    let suites: [UInt8] = [0xc0, 0x09, 0xc0, 0x0a, 0x00, 0x2f]
    let hello = [3, 2] + [UInt8](repeating: 7, count: 32) + [0, 0, UInt8(suites.count)] + suites + [1, 0]
    let record: [UInt8] = [0x16, 3, 1, 0, UInt8(hello.count + 4), 1, 0, 0, UInt8(hello.count)] + hello
    let alert = try await BlockingPool.files.run {
      let connection = try RawConnection(server.address)
      defer { connection.close() }
      connection.send(bytes: record)
      return connection.receive()
    }
    #expect(alert != nil && alert?.utf8.first != 0x16)
    await server.stop()
  }

  @Test func `a key that is another's is an error that says so`() throws {
    let (one, two) = (try TestCertificate.make(names: ["a"], days: 9), try TestCertificate.make(names: ["a"], days: 9))
    #expect(throws: HTTPServerError.self) {
      try HTTPServer(
        .tcp(address: "127.0.0.1", port: 0), certificate: ServerCertificate(chain: one.certificate, key: two.key),
        handler: Telltale())
    }
  }
}
