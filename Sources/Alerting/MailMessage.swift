import FoundationEssentials
package import Model

/// A mail as it goes over the wire (RFC 5322, RFC 2045): the text in UTF-8 and base64, so that no server changes it.
package struct MailMessage: Sendable {
  package var from: String
  package var to: [String]
  package var subject: String
  package var text: String
  package var at: Timestamp
  /// Identifies this mail.
  package var identifier: String

  package init(from: String, to: [String], subject: String, text: String, at: Timestamp, identifier: String) {
    self.from = from
    self.to = to
    self.subject = subject
    self.text = text
    self.at = at
    self.identifier = identifier
  }

  /// Characters that phones and mail lists show.
  private static let longestSubject = 120

  package var bytes: [UInt8] {
    let host = MailAddress(from).address.split(separator: "@").last.map(String.init) ?? "localhost"
    let receivers = to.map { MailAddress($0).header }.joined(separator: ",\r\n ")
    let headers = [
      "From: \(MailAddress(from).header)", "To: \(receivers)",
      "Subject: \(Self.encoded(NotificationText.cut(subject, Self.longestSubject)))", "Date: \(at.mailDate)",
      "Message-ID: <\(Self.header(identifier))@\(Self.header(host))>", "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", "Auto-Submitted: auto-generated",
    ]
    let body = Data(text.utf8).base64EncodedString(options: .lineLength76Characters)
    return Array((headers + ["", body]).map { $0 + "\r\n" }.joined().utf8)
  }

  /// Without line ends: no external text can add a header.
  fileprivate static func header(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7f }))
  }

  /// Unchanged if short and ASCII, else as encoded words of RFC 2047 of at most 45 bytes, each on a line.
  fileprivate static func encoded(_ text: String, always: Bool = false) -> String {
    let plain = header(text)
    guard always || plain.utf8.count > 60 || !plain.utf8.allSatisfy({ $0 < 0x80 }) else { return plain }
    var words: [[UInt8]] = [[]]
    for scalar in plain.unicodeScalars {
      let bytes = Array(String(scalar).utf8)
      if words[words.count - 1].count + bytes.count > 45 { words.append([]) }
      words[words.count - 1] += bytes
    }
    return words.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
  }
}

/// An address as people write it: `npm@lan.example`, or `NPM <npm@lan.example>`.
package struct MailAddress: Hashable, Sendable {
  /// The display name before the address; empty: none.
  package var name: String
  package var address: String

  package init(_ text: String) {
    guard text.hasSuffix(">"), let open = text.lastIndex(of: "<") else {
      (name, address) = ("", text)
      return
    }
    address = String(text[text.index(after: open)...].dropLast())
    let before = String(text[..<open]).trimmed
    let isQuoted = before.hasPrefix("\"") && before.hasSuffix("\"") && before.count > 1
    name = isQuoted ? String(before.dropFirst().dropLast()) : before
  }

  /// Whether it can be passed to a server: one `@`, and nothing that would terminate it.
  package var isRight: Bool {
    let parts = address.split(separator: "@", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && address.utf8.count <= 254
      && address.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"<>,;:\"()[]\\".utf8.contains($0) }
  }

  /// As it is written in a header.
  var header: String {
    let plain = MailMessage.header(address)
    guard !name.isEmpty else { return plain }
    let isAtom = name.utf8.allSatisfy { $0.isAlphanumeric || " -".utf8.contains($0) }
    return "\(isAtom ? name : MailMessage.encoded(name, always: true)) <\(plain)>"
  }
}

extension String {
  fileprivate var trimmed: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
