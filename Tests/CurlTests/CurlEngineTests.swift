import Curl
import HTTPServer
import TestSupport
import Testing

@Suite struct CurlEngineTests {
  private func url(_ port: Int) -> String { "http://127.0.0.1:\(port)/path?x=1" }

  @Test func `request and answer arrive whole, both ways`() async throws {
    let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: EchoBackend())
    var transfer = HTTPTransfer(method: "PUT", url: url(server.port))
    transfer.headers = [("X-Test", "yes")]
    transfer.body = Array(repeating: 0x61, count: 200_000)
    let result = try await CurlEngine().perform(transfer)
    #expect(result.status == 201)
    #expect(String(decoding: result.body, as: UTF8.self) == "PUT /path x=1 yes 200000")
    #expect(result.headers["x-answer"] == "ok")
    await server.stop()
  }

  @Test func `a hundred transfers at once all end`() async throws {
    try await withBackend { port in
      let engine = CurlEngine(maximumLive: 8)
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<100 { group.addTask { try await engine.perform(HTTPTransfer(url: url(port))).status } }
        return try await group.reduce(into: [Int]()) { $0.append($1) }
      }
      #expect(statuses == Array(repeating: 200, count: 100))
    }
  }

  @Test func `a closed port was certainly not reached`() async throws {
    let port = try reservedPort()
    await #expect { try await CurlEngine().perform(HTTPTransfer(url: url(port))) } throws: {
      let error = $0 as? TransferError
      return error?.reason == .refused && error?.mayHaveBeenSent == false
    }
  }

  @Test func `an answer that is cut off is an error of a request that was sent`() async throws {
    let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: BrokenBackend(delivery: .cut(after: 3)))
    await #expect { try await CurlEngine().perform(HTTPTransfer(url: url(server.port))) } throws: {
      let error = $0 as? TransferError
      return error?.reason == .reset && error?.mayHaveBeenSent == true
    }
    await server.stop()
  }

  @Test func `a connection that is reset is an error of a request that was sent`() async throws {
    let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: BrokenBackend(delivery: .reset))
    await #expect { try await CurlEngine().perform(HTTPTransfer(url: url(server.port))) } throws: {
      let error = $0 as? TransferError
      return error?.reason == .reset && error?.mayHaveBeenSent == true
    }
    await server.stop()
  }

  @Test func `a body beyond the bound is refused, or cut where that was asked for`() async throws {
    try await withBackend { port in
      var transfer = HTTPTransfer(url: url(port))
      transfer.maximumBody = 2
      await #expect { try await CurlEngine().perform(transfer) } throws: { ($0 as? TransferError)?.reason == .tooLarge }
      transfer.acceptsTruncatedBody = true
      let cut = try await CurlEngine().perform(transfer)
      #expect(cut.body == Array("he".utf8))
    }
  }

  @Test func `the total time is bounded`() async throws {
    let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: BrokenBackend(delivery: .drip(pause: 0.2)))
    var transfer = HTTPTransfer(url: url(server.port))
    transfer.totalTimeout = 0.3
    await #expect { try await CurlEngine().perform(transfer) } throws: { ($0 as? TransferError)?.reason == .timeout }
    await server.stop()
  }

  @Test func `a cancelled task ends its transfer`() async throws {
    let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: BrokenBackend(delivery: .drip(pause: 0.1)))
    let engine = CurlEngine()
    let address = url(server.port)
    let task = Task { try await engine.perform(HTTPTransfer(url: address)) }
    task.cancel()
    await #expect { try await task.value } throws: { ($0 as? TransferError)?.reason == .cancelled }
    await server.stop()
  }
}

private struct EchoBackend: HTTPHandler {
  func respond(to request: HTTPRequest) async -> HTTPResponse {
    let words = [
      request.method, request.path, request.query ?? "", request.headers["x-test"] ?? "", String(request.body.count),
    ]
    return HTTPResponse(status: 201, headers: [("X-Answer", "ok")], body: Array(words.joined(separator: " ").utf8))
  }
}

private struct BrokenBackend: HTTPHandler {
  var delivery: HTTPResponse.Delivery
  func respond(to request: HTTPRequest) async -> HTTPResponse {
    var response = HTTPResponse(status: 200, body: Array("a body of some length".utf8))
    response.delivery = delivery
    return response
  }
}

@Suite struct HTTPServerTests {
  @Test func `a port that is taken is an error, not shared`() async throws {
    try await withBackend { port in
      #expect(throws: HTTPServerError.self) {
        try HTTPServer(address: "127.0.0.1", port: port, handler: SampleBackend())
      }
    }
  }
}
