import Curl
import Foundation
import HTTPServer
import Model
import NPMClient
import Platform
import TestSupport
import Testing
import Upstream

/// A double of a later NPM release: it has no hosts, and its schema lacks a field.
private final class LaterNPM: HTTPHandler {
  private let version: JSONValue
  private let document: JSONValue
  private let bodies = Lock<[JSONValue]>([])

  init(_ version: JSONValue, document: JSONValue) {
    self.version = version
    self.document = document
  }

  var created: [JSONValue] { bodies.withLock { $0 } }

  func respond(to request: HTTPRequest) async -> HTTPResponse {
    let answer: JSONValue =
      switch (request.method, request.path) {
      case ("GET", "/api/"): ["status": "OK", "setup": true, "version": version]
      case ("GET", "/api/schema"): document
      case ("POST", "/api/tokens"): ["token": "t", "expires": "2999-01-01T00:00:00.000Z"]
      case ("POST", _): ["id": 7]
      default: []
      }
    if request.method == "POST", let body = try? JSONDecoder().decode(JSONValue.self, from: Data(request.body)) {
      bodies.withLock { $0.append(body) }
    }
    let body = (try? JSONEncoder().encode(answer)).map(Array.init) ?? []
    return HTTPResponse(
      status: request.method == "POST" ? 201 : 200, headers: [("Content-Type", "application/json")], body: body)
  }
}

@Suite struct PublishedSchemaTests {
  private static let document: JSONValue = {
    let fields = ResourceSchema.proxyHost.fields.map(\.name).filter { $0 != "caching_enabled" }
    let names = fields.map { ["certificate", "access_list"].contains($0) ? $0 + "_id" : $0 } + ["meta"]
    let properties = JSONValue.object(Dictionary(uniqueKeysWithValues: names.map { ($0, [:]) }))
    let schema: JSONValue = ["type": "object", "additionalProperties": false, "properties": properties]
    let body: JSONValue = ["content": ["application/json": ["schema": schema]]]
    return ["paths": ["/nginx/proxy-hosts": ["parameters": [], "post": ["requestBody": body]]]]
  }()

  private func withLater(
    _ version: JSONValue, _ document: JSONValue, _ body: (LaterNPM, RESTGateway) async throws -> Void
  ) async throws {
    let later = LaterNPM(version, document: document)
    let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: later)
    let engine = CurlEngine()
    let upstream = UpstreamClient(
      baseURL: "http://127.0.0.1:\(server.port)", configuration: UpstreamConfiguration(name: "NPM"), transport: engine)
    let credentials = NPMCredentials(identity: "a@example.com", secret: Secret("x"))
    try await body(later, RESTGateway(upstream: upstream, credentials: credentials, cache: NoTokenCache()))
    await server.stop()
  }

  @Test func `what a later NPM does not publish is neither expected of it nor sent`() async throws {
    try await withLater(["major": 2, "minor": 99, "revision": 0], Self.document) { later, gateway in
      let unsupportedFields = try await gateway.observe().unsupportedFields
      #expect(unsupportedFields[.proxyHost] == ["caching_enabled"] && unsupportedFields[.stream] == [])
      _ = try await gateway.create(hostSpec(["a.test"]), meta: [:], secrets: [:])
      let sent = try #require(later.created.last?.objectValue)
      #expect(sent["caching_enabled"] == nil && sent["block_exploits"] != nil)
    }
  }

  @Test func `of a release that was observed, and of one that publishes nothing, everything is expected`() async throws
  {
    try await withLater(["major": 2, "minor": 15, "revision": 1], Self.document) { _, gateway in
      let unsupportedFields = try await gateway.observe().unsupportedFields
      #expect(unsupportedFields.isEmpty)
    }
    try await withLater(["major": 2, "minor": 99, "revision": 0], ["openapi": "3.1.0"]) { _, gateway in
      let unsupportedFields = try await gateway.observe().unsupportedFields
      #expect(unsupportedFields.values.reduce([]) { $0.union($1) } == [])
    }
  }
}
