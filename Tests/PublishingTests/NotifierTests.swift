import Publishing
import Alerting
import Curl
import Foundation
import HTTPServer
import Model
import Platform
import TestSupport
import Testing

/// Sinks with real services at the other end.
@Suite struct NotifierTests {
  private let engine = CurlEngine()

  private func notice(_ kind: AlertNotification.Kind = .firing) -> AlertNotification {
    let condition = AlertCondition(
      .down, .critical, subject: "10.0.0.1:80", "Grüße: a is down", members: ["a", "b"], cooldown: 3600)
    return AlertNotification(kind, Alert(condition, since: .now), at: .now)
  }

  private func sink(_ settings: ReceiverConfiguration, _ say: @escaping @Sendable (String) -> Void = { _ in })
    -> Notifier
  {
    Notifier(settings, owner: "lab", transport: engine, say: say)
  }

  /// A double of a service: accepts and keeps what is posted.
  private final class Receiver: HTTPHandler {
    let requests = Lock<[HTTPRequest]>([])
    let status: Int
    init(status: Int) { self.status = status }
    func respond(to request: HTTPRequest) async -> HTTPResponse {
      requests.withLock { $0.append(request) }
      return HTTPResponse(status: status, headers: [], body: [])
    }
  }

  private func received(
    _ kind: ReceiverConfiguration.Kind, path: String, status: Int = 200
  ) async throws -> (path: String, headers: [String: String], body: JSONValue) {
    let receiver = Receiver(status: status)
    let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: receiver)
    var settings = ReceiverConfiguration(name: "x", kind: kind)
    settings.url = Secret("http://127.0.0.1:\(server.port)\(path)")
    settings.token = Secret("t0ken")
    let outcome = await Result { try await sink(settings).notify([notice()]) }
    await server.stop()
    try outcome.get()
    let request = try #require(receiver.requests.withLock { $0.first })
    let body = try JSONDecoder().decode(JSONValue.self, from: Data(request.body))
    return (request.path, request.headers, body)
  }

  @Test func `a webhook gets what Alertmanager would send, and the token`() async throws {
    let (path, headers, body) = try await received(.webhook, path: "/hook")
    #expect(path == "/hook" && headers["authorization"] == "Bearer t0ken")
    #expect(body["version"] == "4")
  }

  @Test func `Discord, Slack and ntfy get their own shapes`() async throws {
    #expect(try await received(.discord, path: "/api/webhooks/1/key").body["embeds"].arrayValue?.count == 1)
    #expect(
      try await received(.slack, path: "/services/T/B/key").body["text"].stringValue?.contains("CRITICAL") == true)
    let (path, _, body) = try await received(.ntfy, path: "/alerts")
    #expect(["", "/"].contains(path) && body["topic"] == "alerts")
  }

  @Test func `what a service refuses for good is not tried again, what it cannot take now is`() async throws {
    for (status, isFinal) in [(400, true), (422, true), (404, false), (429, false), (500, false), (503, false)] {
      await #expect {
        _ = try await received(.webhook, path: "/secret-key", status: status)
      } throws: { error in
        let failure = error as? NotifierError
        return failure?.isFinal == isFinal && failure?.message.contains("secret-key") == false
      }
    }
  }

  @Test func `who is away is tried again, and their key is not told`() async throws {
    var settings = ReceiverConfiguration(name: "x", kind: .webhook)
    settings.url = Secret("http://127.0.0.1:\(try reservedPort())/secret-key")
    await #expect {
      try await sink(settings).notify([notice()])
    } throws: { error in
      let failure = error as? NotifierError
      return failure?.isFinal == false && failure?.message.contains("secret-key") == false
    }
  }

  private func mailServer(_ scratch: Scratch) async throws -> (program: RunningProgram, place: String) {
    try await OutsideProgram.serve(
      ["/usr/bin/python3", "\(Fixtures.directory)/servers/smtp.py"], in: scratch.path, mark: "listening on ")
  }

  @Test(.timeLimit(.minutes(5))) func `a mail server takes a mail`() async throws {
    let scratch = try Scratch()
    let (server, place) = try await mailServer(scratch)
    var settings = ReceiverConfiguration(name: "mail", kind: .email)
    settings.url = Secret("smtp://\(place)")
    settings.from = "npm@lan.test"
    settings.to = ["me@lan.test", "you@lan.test"]
    try await sink(settings).notify([notice()])
    let mail = try JSONDecoder().decode(JSONValue.self, from: Data((await server.firstLine()).utf8))
    server.terminate()
    #expect(mail["from"] == "npm@lan.test" && mail["to"] == ["me@lan.test", "you@lan.test"])
    let text = try #require(mail["text"].stringValue)
    #expect(text.contains("To: me@lan.test,\r\n you@lan.test\r\n") && text.contains("Subject: =?utf-8?B?"))
    let body = try #require(text.components(separatedBy: "\r\n\r\n").last)
    let data = try #require(Data(base64Encoded: body, options: .ignoreUnknownCharacters))
    #expect(String(decoding: data, as: UTF8.self).contains("Hosts: a, b"))
  }

  @Test func `a password is not sent to a server without TLS`() async throws {
    let scratch = try Scratch()
    let (server, place) = try await mailServer(scratch)
    var settings = ReceiverConfiguration(name: "mail", kind: .email)
    settings.url = Secret("smtp://\(place)")
    settings.from = "npm@lan.test"
    settings.to = ["me@lan.test"]
    settings.user = "me"
    settings.password = Secret("pw")
    await #expect(throws: NotifierError.self) { try await sink(settings).notify([notice()]) }
    server.terminate()
  }

  @Test(.timeLimit(.minutes(5))) func `Alertmanager shows what fires, and no longer what is over`() async throws {
    let scratch = try Scratch()
    try scratch.write("config.yml", "route: { receiver: none }\nreceivers: [{ name: none }]\n")
    let (server, place) = try await OutsideProgram.serve(
      [
        try OutsideProgram.path("prometheus-alertmanager"), "--config.file=\(scratch.path)/config.yml",
        "--storage.path=\(scratch.path)/data", "--cluster.listen-address=", "--web.listen-address=127.0.0.1:0",
      ], in: scratch.path, mark: "\"Listening on\" address=")
    var settings = ReceiverConfiguration(name: "am", kind: .alertmanager)
    settings.url = Secret("http://\(place)")
    let firing = notice()
    try await sink(settings).notify([firing])
    let shown = try await alerts(at: place)
    #expect(shown.count == 1)
    #expect(shown.first?["labels"]["alertname"] == "host-down")
    #expect(shown.first?["annotations"]["summary"] == "Grüße: a is down")
    try await sink(settings).notify([AlertNotification(.resolved, firing.alert, at: .now)])
    #expect(try await alerts(at: place).isEmpty)
    // 200 hosts, and hostile text in a name.
    var crowd = notice()
    crowd.alert.subject = "\u{1b}]0;x\u{7}\n\u{202e}<b>|"
    crowd.alert.summary = String(repeating: "x\n", count: 5000)
    crowd.alert.members = (0..<200).map { "host-with-a-name-of-some-length-\($0).example.com" }
    try await sink(settings).notify([crowd])
    #expect(try await alerts(at: place).first?["annotations"]["members"].stringValue?.contains("-199.") == true)
    server.terminate()
  }

  private func alerts(at place: String) async throws -> [JSONValue] {
    let answer = try await engine.perform(HTTPTransfer(url: "http://\(place)/api/v2/alerts"))
    return try JSONDecoder().decode(JSONValue.self, from: Data(answer.body)).arrayValue ?? []
  }

  @Test func `a command gets everything on its input, and none of our environment`() async throws {
    let scratch = try Scratch()
    var settings = ReceiverConfiguration(name: "c", kind: .command)
    settings.command = ["/bin/sh", "-c", "cat > \(scratch.path)/told; env > \(scratch.path)/env"]
    try await sink(settings).notify([notice()])
    let told = try JSONDecoder().decode(JSONValue.self, from: Data(try scratch.read("told").utf8))
    #expect(told["rule"] == "host-down" && told["members"] == ["a", "b"])
    let names = try scratch.read("env").split(separator: "\n").map { $0.prefix { $0 != "=" } }
    #expect(Set(names).isSubset(of: ["PATH", "PWD", "OLDPWD", "SHLVL", "_"]))
    settings.command = ["/bin/sh", "-c", "echo no >&2; exit 3"]
    await #expect(throws: NotifierError("it ended with 3: no")) { try await sink(settings).notify([notice()]) }
  }

  @Test func `the log has one line`() async throws {
    let lines = Lock<[String]>([])
    try await sink(ReceiverConfiguration(name: "l", kind: .log)) { line in lines.withLock { $0.append(line) } }.notify([
      notice()
    ])
    #expect(lines.withLock { $0 } == ["CRITICAL: Grüße: a is down (a, b)"])
  }

  @Test func `a sink hears what it asked for`() {
    var settings = ReceiverConfiguration(name: "x", kind: .log)
    settings.sendsResolved = false
    #expect(settings.wants(notice()) && !settings.wants(notice(.resolved)))
    var mild = notice()
    mild.alert.severity = .warning
    settings.minimum = .critical
    #expect(settings.wants(notice()) && !settings.wants(mild))
  }
}

extension Result where Failure == any Error {
  init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
