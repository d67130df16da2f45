import Alerting
import Foundation
import Model
import Platform
import Testing

/// The payloads as sent.
@Suite struct NotificationPayloadTests {
  private func notice(_ summary: String = "a <down> & out", _ kind: AlertNotification.Kind = .firing)
    -> AlertNotification
  {
    let condition = AlertCondition(
      .down, .critical, subject: "10.0.0.1:80", summary, members: ["a", "b"], cooldown: 3600)
    return AlertNotification(kind, Alert(condition, since: Timestamp(seconds: 1_000)), at: Timestamp(seconds: 2_000))
  }

  @Test func `a webhook gets Alertmanager's version 4`() {
    let body = NotificationPayload(notice(), owner: "lab").webhook(receiver: "ops")
    #expect(body["version"] == "4" && body["status"] == "firing" && body["receiver"] == "ops")
    let alert = body["alerts"].arrayValue?.first ?? .null
    #expect(alert["labels"]["alertname"] == "host-down" && alert["labels"]["owner"] == "lab")
    #expect(alert["annotations"]["members"] == "a, b")
    #expect(alert["startsAt"] == "1970-01-01T00:16:40.000Z" && alert["endsAt"] == "0001-01-01T00:00:00Z")
    let over = NotificationPayload(notice("x", .resolved), owner: "lab").webhook(receiver: "ops")
    #expect(over["alerts"].arrayValue?.first?["endsAt"] == "1970-01-01T00:33:20.000Z")
  }

  @Test func `Alertmanager keeps what fires until it is repeated`() {
    let end = NotificationPayload(notice(), owner: "lab").alertmanager.arrayValue?.first?["endsAt"].stringValue
    #expect(end == Timestamp(seconds: 2_000 + 7200).iso8601)
  }

  @Test func `chat services get no signs of their own, and ping nobody`() {
    let message = NotificationText([notice()], owner: "lab")
    #expect(message.slack["text"].stringValue?.contains("a &lt;down&gt; &amp; out") == true)
    #expect(message.slack["mrkdwn"] == false)
    let loud = NotificationText([notice("@everyone **x** [a](http://b)")], owner: "lab").discord
    #expect(loud["allowed_mentions"] == ["parse": []])
    let title = loud["embeds"].arrayValue?.first?["title"].stringValue
    #expect(title == "CRITICAL: \\@everyone \\*\\*x\\*\\* \\[a\\]\\(http://b\\)")
    #expect(message.ntfy(topic: "t")["priority"] == 5)
  }

  private func crowd(_ count: Int) -> AlertNotification {
    let members = (0..<count).map { "host-with-a-name-of-some-length-\($0).example.com" }
    let condition = AlertCondition(
      .down, .critical, subject: "x",
      "\(count) hosts down, 10.0.0.1:80: \u{1b}[2J\n" + String(repeating: "\u{fc}", count: 9000),
      members: members, cooldown: 3600)
    return AlertNotification(.firing, Alert(condition, since: .now), at: .now)
  }

  @Test func `200 hosts are one readable message, within what each service takes`() {
    for notices in [[crowd(200)], (0..<200).map { _ in crowd(200) }] {
      let message = NotificationText(notices, owner: "lab")
      #expect(message.title.count <= 200 && !message.title.contains("\u{1b}"))
      #expect(message.text.contains("and 180 more"), "\(message.text)")
      #expect(JSONOutput.line(message.ntfy(topic: "t")).utf8.count <= 3400)
      let embed = message.discord["embeds"].arrayValue?.first ?? .null
      #expect((embed["title"].stringValue ?? "").utf16.count <= 256)
      #expect((embed["description"].stringValue ?? "").utf16.count <= 4096)
      #expect((message.slack["text"].stringValue ?? "").count <= 3000)
      let short = NotificationText(notices, owner: "lab", length: .short)
      #expect(short.title.count <= 100 && short.text.count < message.text.count)
    }
  }

  @Test func `a mail has short lines, a short subject, and names before addresses`() {
    let long = (0..<200).map { "someone-with-a-long-name-\($0)@lan.example" }
    let mail = MailMessage(
      from: "Caf\u{e9} <npm@lan.test>", to: ["\"Me, myself\" <me@lan.test>"] + long,
      subject: String(repeating: "long words ", count: 100), text: String(repeating: "x", count: 50_000), at: .now,
      identifier: "7")
    let text = String(decoding: mail.bytes, as: UTF8.self)
    let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
    #expect(lines.allSatisfy { $0.utf8.count <= 100 })
    #expect(text.contains("From: =?utf-8?B?Q2Fmw6k=?= <npm@lan.test>\r\n"))
    #expect(text.contains("@lan.test>\r\n") && !text.contains("Me, myself"))
    let subject = lines.drop { !$0.hasPrefix("Subject:") }.prefix { $0.hasPrefix("Subject:") || $0.hasPrefix(" ") }
    #expect(subject.count <= 4)
  }

  @Test(arguments: [
    ("npm@lan.test", true), ("NPM <npm@lan.test>", true), ("npm", false), ("a@b@c", false), ("<a b@c>", false),
    ("NPM <npm@lan.test", false), ("", false), ("x@lan.test, y@lan.test", false),
  ])
  func `addresses are what a server takes`(text: String, isRight: Bool) {
    #expect(MailAddress(text).isRight == isRight)
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
