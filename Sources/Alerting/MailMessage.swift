import FoundationEssentials
package import Platform

/// A mail as it goes over the wire (RFC 5322, RFC 2045): the text in UTF-8 and base64, so that no server changes it.
package struct MailMessage: Sendable {
  package var from: String
  package var to: [String]
  package var subject: String
  package var text: String
  package var at: Timestamp
  /// Tells this mail from all others.
  package var identifier: String

  package init(from: String, to: [String], subject: String, text: String, at: Timestamp, identifier: String) {
    self.from = from
    self.to = to
    self.subject = subject
    self.text = text
    self.at = at
    self.identifier = identifier
  }

  package var bytes: [UInt8] {
    let host = from.split(separator: "@").last.map(String.init) ?? "localhost"
    let headers = [
      "From: \(Self.header(from))", "To: \(Self.header(to.joined(separator: ", ")))",
      "Subject: \(Self.encoded(subject))", "Date: \(at.mailDate)",
      "Message-ID: <\(Self.header(identifier))@\(Self.header(host))>", "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", "Auto-Submitted: auto-generated",
    ]
    let body = Data(text.utf8).base64EncodedString(options: .lineLength76Characters)
    return Array((headers + ["", body]).map { $0 + "\r\n" }.joined().utf8)
  }

  /// Without line ends: nothing that comes from outside becomes a header of its own.
  private static func header(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7f }))
  }

  /// As it is where it is ASCII, else as RFC 2047 has it, in words of at most 45 bytes.
  private static func encoded(_ text: String) -> String {
    let plain = header(text)
    guard !plain.utf8.allSatisfy({ $0 < 0x80 }) else { return plain }
    var words: [[UInt8]] = [[]]
    for scalar in plain.unicodeScalars {
      let bytes = Array(String(scalar).utf8)
      if words[words.count - 1].count + bytes.count > 45 { words.append([]) }
      words[words.count - 1] += bytes
    }
    return words.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
  }
}
