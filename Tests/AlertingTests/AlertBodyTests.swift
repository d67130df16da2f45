import Alerting
import Foundation
import Model
import Platform
import Testing

/// What goes over the wire.
@Suite struct AlertBodyTests {
  private func notice(_ summary: String = "a <down> & out", _ kind: AlertNotice.Kind = .firing) -> AlertNotice {
    let condition = AlertCondition(
      .down, .critical, subject: "10.0.0.1:80", summary, members: ["a", "b"], cooldown: 3600)
    return AlertNotice(kind, Alert(condition, since: Timestamp(seconds: 1_000)), at: Timestamp(seconds: 2_000))
  }

  @Test func `a webhook gets Alertmanager's version 4`() {
    let body = AlertBody(notice(), owner: "lab").webhook(receiver: "ops")
    #expect(body["version"] == "4" && body["status"] == "firing" && body["receiver"] == "ops")
    let alert = body["alerts"].arrayValue?.first ?? .null
    #expect(alert["labels"]["alertname"] == "host-down" && alert["labels"]["owner"] == "lab")
    #expect(alert["annotations"]["members"] == "a, b")
    #expect(alert["startsAt"] == "1970-01-01T00:16:40.000Z" && alert["endsAt"] == "0001-01-01T00:00:00Z")
    let over = AlertBody(notice("x", .resolved), owner: "lab").webhook(receiver: "ops")
    #expect(over["alerts"].arrayValue?.first?["endsAt"] == "1970-01-01T00:33:20.000Z")
  }

  @Test func `Alertmanager keeps what fires until it is repeated`() {
    let end = AlertBody(notice(), owner: "lab").alertmanager.arrayValue?.first?["endsAt"].stringValue
    #expect(end == Timestamp(seconds: 2_000 + 7200).iso8601)
  }

  @Test func `chat services get no signs of their own, and ping nobody`() {
    #expect(AlertBody(notice(), owner: "lab").slack["text"].stringValue?.contains("a &lt;down&gt; &amp; out") == true)
    #expect(AlertBody(notice("@everyone"), owner: "lab").discord["allowed_mentions"] == ["parse": []])
    #expect(AlertBody(notice(), owner: "lab").ntfy(topic: "t")["priority"] == 5)
  }

  @Test func `a mail is plain ASCII on the wire, and nobody adds headers to it`() throws {
    let mail = MailMessage(
      from: "npm@lan.test", to: ["me@lan.test"], subject: "Café ist zu\r\nBcc: x@evil.test", text: "Grüße\n.\nEnde",
      at: Timestamp(seconds: 1_795_269_600), identifier: "7")
    let text = String(decoding: mail.bytes, as: UTF8.self)
    #expect(text.utf8.allSatisfy { $0 < 0x80 })
    #expect(!text.contains("\r\nBcc:"))
    #expect(text.contains("Date: Sat, 21 Nov 2026 14:00:00 +0000\r\n"))
    #expect(text.contains("Subject: =?utf-8?B?"))
    let body = try #require(text.components(separatedBy: "\r\n\r\n").last)
    let data = try #require(Data(base64Encoded: body, options: .ignoreUnknownCharacters))
    #expect(String(decoding: data, as: UTF8.self) == "Grüße\n.\nEnde")
  }
}
