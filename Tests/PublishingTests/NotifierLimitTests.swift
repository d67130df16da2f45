import Publishing
import Alerting
import Curl
import Foundation
import HTTPServer
import Model
import Platform
import TestSupport
import Testing

/// Messages that sinks refuse: by length, by address, always. The chat services are doubles that enforce the published
/// limits; the mail server is a real one.
@Suite struct NotifierLimitTests {
  private let engine = CurlEngine()

  private func outage(_ count: Int, _ words: String = "") -> AlertNotification {
    let members = (0..<count).map { "host-with-a-name-of-some-length-\($0).example.com" }
    let condition = AlertCondition(
      .down, .critical, subject: "x", "\(count) hosts down, 10.0.0.1:80: connection refused\(words)",
      members: members, cooldown: 3600)
    return AlertNotification(.firing, Alert(condition, since: .now), at: .now)
  }

  /// A double of a chat service: refuses messages beyond its limit, keeps the others.
  private final class Service: HTTPHandler {
    let taken = Lock<[HTTPRequest]>([])
    let refused = Lock(0)
    let limit: @Sendable (HTTPRequest, JSONValue) -> Int?

    /// - Parameter limit: returns the status of a refusal; nil: accepted.
    init(_ limit: @escaping @Sendable (HTTPRequest, JSONValue) -> Int?) { self.limit = limit }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
      let body = (try? JSONDecoder().decode(JSONValue.self, from: Data(request.body))) ?? .null
      if let status = limit(request, body) {
        refused.withLock { $0 += 1 }
        return HTTPResponse(status: status, body: [])
      }
      taken.withLock { $0.append(request) }
      return HTTPResponse(status: 200, body: [])
    }
  }

  private func told(
    _ kind: ReceiverConfiguration.Kind, _ path: String, _ notices: [AlertNotification], _ service: Service
  ) async throws -> [JSONValue] {
    let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: service)
    var settings = ReceiverConfiguration(name: "x", kind: kind)
    settings.url = Secret("http://127.0.0.1:\(server.port)\(path)")
    let outcome = await Result {
      try await Notifier(settings, owner: "lab", transport: engine) { _ in }.notify(notices)
    }
    await server.stop()
    try outcome.get()
    return service.taken.withLock { requests in
      requests.compactMap { try? JSONDecoder().decode(JSONValue.self, from: Data($0.body)) }
    }
  }

  private static func ntfy(_ request: HTTPRequest, _ body: JSONValue) -> Int? {
    let headers = request.headers.map { $0.key.utf8.count + $0.value.utf8.count + 4 }.reduce(0, +)
    return request.body.count + headers > 4096 ? 413 : nil
  }

  private static func discord(_ request: HTTPRequest, _ body: JSONValue) -> Int? {
    let embed = body["embeds"].arrayValue?.first ?? .null
    let title = (embed["title"].stringValue ?? "").utf16.count
    let text = (embed["description"].stringValue ?? "").utf16.count
    return title > 256 || text > 4096 || title + text > 6000 ? 400 : nil
  }

  private static func slack(_ request: HTTPRequest, _ body: JSONValue) -> Int? {
    (body["text"].stringValue ?? "").count > 3000 ? 400 : nil
  }

  @Test func `200 hosts are one message that each service takes at once`() async throws {
    let cases: [(ReceiverConfiguration.Kind, String, @Sendable (HTTPRequest, JSONValue) -> Int?)] = [
      (.ntfy, "/alerts", Self.ntfy), (.discord, "/api/webhooks/1/key", Self.discord),
      (.slack, "/services/T/B/key", Self.slack),
    ]
    for notice in [outage(200), outage(200, String(repeating: " \u{1f600}<&>", count: 3000))] {
      for (kind, path, limit) in cases {
        let service = Service(limit)
        #expect(try await told(kind, path, [notice], service).count == 1, "\(kind)")
        #expect(service.refused.withLock { $0 } == 0, "\(kind)")
      }
    }
  }

  @Test func `what is refused for its length is sent shorter, and only then given up`() async throws {
    let strict = Service { request, _ in request.body.count > 600 ? 413 : nil }
    let bodies = try await told(.ntfy, "/alerts", [outage(200)], strict)
    #expect(bodies.count == 1 && strict.refused.withLock { $0 } == 1)
    #expect(bodies.first?["message"].stringValue?.contains("and 197 more") == true)
    let hook = Service { request, _ in request.body.count > 3000 ? 413 : nil }
    #expect(try await told(.webhook, "/hook", [outage(200)], hook).count == 1)
    let never = Service { _, _ in 413 }
    await #expect {
      _ = try await told(.slack, "/services/T/B/key", [outage(2)], never)
    } throws: { ($0 as? NotifierError)?.isFinal == true }
    #expect(never.refused.withLock { $0 } == 2)
  }

  @Test func `ntfy keeps the query of its address, and Alertmanager its path`() async throws {
    let service = Service { _, _ in nil }
    let bodies = try await told(.ntfy, "/below/alerts?auth=c2VjcmV0", [outage(1)], service)
    #expect(bodies.first?["topic"] == "alerts")
    let request = try #require(service.taken.withLock { $0.first })
    #expect(request.path == "/below/" && request.query == "auth=c2VjcmV0")
    let plain = Service { _, _ in nil }
    _ = try await told(.ntfy, "/below/alerts", [outage(1)], plain)
    #expect(plain.taken.withLock { $0.first?.path } == "/below/")
    let other = Service { _, _ in nil }
    _ = try await told(.alertmanager, "/am/?x=1", [outage(1)], other)
    let second = try #require(other.taken.withLock { $0.first })
    #expect(second.path == "/am/api/v2/alerts" && second.query == "x=1")
  }

  @Test(arguments: [
    ("https://ntfy.sh/topic", true), ("https://ntfy.sh/topic/", true), ("https://ntfy.sh/a/topic?auth=x", true),
    ("https://ntfy.sh", false), ("https://ntfy.sh/", false), ("https://ntfy.sh/a b", false), ("ntfy.sh/topic", false),
    ("https://ntfy.sh/to.pic", false),
  ])
  func `a topic of ntfy is one`(url: String, isRight: Bool) { #expect((NtfyAddress.parts(url) != nil) == isRight) }

  // MARK: Mail

  private func mail(
    limit: Int? = nil, from: String = "NPM <npm@lan.test>", to: [String] = ["me@lan.test"],
    _ notices: [AlertNotification]
  ) async throws -> JSONValue {
    let scratch = try Scratch()
    let (server, place) = try await OutsideProgram.serve(
      ["/usr/bin/python3", "\(Fixtures.directory)/servers/smtp.py"] + (limit.map { ["\($0)"] } ?? []),
      in: scratch.path, mark: "listening on ")
    var settings = ReceiverConfiguration(name: "mail", kind: .email)
    settings.url = Secret("smtp://\(place)")
    settings.from = from
    settings.to = to
    let outcome = await Result {
      try await Notifier(settings, owner: "lab", transport: engine) { _ in }.notify(notices)
    }
    let line = if case .success = outcome { await server.firstLine() } else { "null" }
    server.terminate()
    try outcome.get()
    return try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
  }

  @Test(.timeLimit(.minutes(5))) func `a mail of 200 alerts has short lines and a name of its own`() async throws {
    let taken = try await mail((0..<200).map { _ in outage(200) })
    #expect(taken["from"] == "npm@lan.test")
    #expect((taken["longest"].intValue ?? 999) <= 100)
    #expect(taken["text"].stringValue?.contains("From: NPM <npm@lan.test>") == true)
  }

  @Test(.timeLimit(.minutes(5))) func `a mail that is too long is sent shorter`() async throws {
    let taken = try await mail(limit: 1500, [outage(200)])
    let body = taken["text"].stringValue?.components(separatedBy: "\r\n\r\n").last ?? ""
    let text = Data(base64Encoded: body, options: .ignoreUnknownCharacters).map { String(decoding: $0, as: UTF8.self) }
    #expect(text?.contains("and 197 more") == true)
  }

  @Test(.timeLimit(.minutes(5))) func `one receiver that is refused keeps no other from the mail`() async throws {
    let taken = try await mail(to: ["nobody@lan.test", "me@lan.test"], [outage(1)])
    #expect(taken["to"] == ["me@lan.test"])
  }

  @Test(.timeLimit(.minutes(5)), arguments: [("npm@lan.test", true), ("later@lan.test", false)])
  func `what a mail server refuses for good is final, what it cannot now is not`(from: String, isFinal: Bool)
    async throws
  {
    await #expect {
      _ = try await mail(from: from, to: ["nobody@lan.test"], [outage(1)])
    } throws: { error in
      let failure = error as? NotifierError
      return failure?.isFinal == isFinal && failure?.message.contains(isFinal ? "550" : "451") == true
    }
  }
}
