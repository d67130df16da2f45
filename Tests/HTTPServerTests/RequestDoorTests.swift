import HTTPServer
import Platform
import TestSupport
import Testing

/// Says what it was asked.
struct Telltale: HTTPHandler {
  func respond(to request: HTTPRequest) async -> HTTPResponse {
    HTTPResponse(
      status: 200, body: Array("\(request.method) \(request.path) \(request.body.count) \(request.peer)".utf8))
  }
}

/// Requests that two programs could read differently, byte for byte.
@Suite struct RequestDoorTests {
  private func answer(_ request: String, limits: HTTPServerLimits = HTTPServerLimits()) async throws -> String {
    let server = try HTTPServer(.tcp(address: "127.0.0.1", port: 0), limits: limits, handler: Telltale())
    let text = try await BlockingPool.files.run {
      let connection = try RawConnection(server.address)
      defer { connection.close() }
      connection.send(request)
      return connection.receiveAll()
    }
    await server.stop()
    return text
  }

  static let refused: [(name: String, request: String, status: Int)] = [
    (
      "two lengths",
      "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345GET /b HTTP/1.1\r\nHost: a\r\n\r\n",
      400
    ),
    ("two equal lengths", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n12345", 400),
    (
      "a length and chunked",
      "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
      400
    ),
    (
      "chunked twice",
      "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400
    ),
    ("gzip, chunked", "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
    ("gzip", "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
    ("chunked, disguised", "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    ("chunked in HTTP/1.0", "POST /a HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("a negative length", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", 400),
    ("a length with a sign", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n12345", 400),
    ("a length list", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n12345", 400),
    ("two hosts", "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("no host", "GET /a HTTP/1.1\r\n\r\n", 400),
    ("a body of GET", "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345", 400),
    ("chunked GET", "GET /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("a method in lower case", "get /a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("OPTIONS of the server", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("an absolute target", "GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("a target in UTF-8", "GET /\u{e4} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("a control character in the target", "GET /\u{1}a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("HTTP/1.2", "GET /a HTTP/1.2\r\nHost: a\r\n\r\n", 505),
    ("a control character in a header", "GET /a HTTP/1.1\r\nHost: a\r\nX: b\u{7}c\r\n\r\n", 400),
    ("a blank before the colon", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\n12345", 400),
    ("an unknown expectation", "POST /a HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nContent-Length: 1\r\n\r\n1", 417),
    ("a length beyond the limit", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413),
    (
      "a length beyond any number", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
      413
    ),
  ]

  @Test(arguments: refused.map(\.name)) func `it is refused, and the connection ends`(name: String) async throws {
    let entry = try #require(Self.refused.first { $0.name == name })
    let text = try await answer(entry.request)
    #expect(text.hasPrefix("HTTP/1.1 \(entry.status) "), "\(text)")
    #expect(!text.contains("200 OK") && !text.contains("GET /b"), "\(text)")
  }

  @Test func `a header that is no text is refused`() async throws {
    let server = try HTTPServer(.tcp(address: "127.0.0.1", port: 0), handler: Telltale())
    let text = try await BlockingPool.files.run {
      let connection = try RawConnection(server.address)
      defer { connection.close() }
      connection.send(bytes: Array("GET /a HTTP/1.1\r\nHost: a\r\nX: ".utf8) + [0xff] + Array("\r\n\r\n".utf8))
      return connection.receiveAll()
    }
    #expect(text.hasPrefix("HTTP/1.1 400"), "\(text)")
    await server.stop()
  }

  @Test func `what is unmistakable is answered, one after the other`() async throws {
    let text = try await answer(
      "POST /a?b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        + "PUT /%2Fc HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345"
        + "HEAD /d HTTP/1.1\r\nHost: a\r\n\r\nGET /e HTTP/1.0\r\n\r\n")
    #expect(text.contains("POST /a 3 127.0.0.1") && text.contains("PUT /%2Fc 5 127.0.0.1"), "\(text)")
    #expect(!text.contains("HEAD /d") && text.hasSuffix("GET /e 0 127.0.0.1"), "\(text)")
  }

  @Test func `a chunked body beyond the limit is said to be too large`() async throws {
    struct Judge: HTTPHandler {
      func respond(to request: HTTPRequest) async -> HTTPResponse {
        HTTPResponse(status: request.isBodyTooLarge ? 413 : 200)
      }
    }
    var limits = HTTPServerLimits()
    limits.maximumBody = 10
    let server = try HTTPServer(.tcp(address: "127.0.0.1", port: 0), limits: limits, handler: Judge())
    let text = try await BlockingPool.files.run {
      let connection = try RawConnection(server.address)
      defer { connection.close() }
      connection.send(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n"
      )
      return connection.receiveAll()
    }
    #expect(text.hasPrefix("HTTP/1.1 413"), "\(text)")
    await server.stop()
  }

  /// One byte after the other, for ever: libmicrohttpd alone would wait.
  @Test(arguments: ["GET /a HTTP/1.1\r\nHost: a\r\nX: ", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"])
  func `a head or a body that drips is cut`(start: String) async throws {
    var limits = HTTPServerLimits()
    (limits.head, limits.body) = (1, 1)
    let server = try HTTPServer(.tcp(address: "127.0.0.1", port: 0), limits: limits, handler: Telltale())
    let text = try await BlockingPool.files.run {
      let connection = try RawConnection(server.address, patience: 1)
      defer { connection.close() }
      connection.send(start)
      // Each wait for an answer takes a second, unless the connection ends.
      while connection.send("x") {
        if let text = connection.receive() { return text }
      }
      return ""
    }
    #expect(text.isEmpty, "\(text)")
    await server.stop()
  }
}
