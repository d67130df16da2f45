import Foundation
import Platform
import TestSupport
import Testing
import X509

/// Forms of one certificate, or of a pair: nginx must accept what we accept.
@Suite struct PEMTextTests {
  /// A change of a valid text, and whether we still accept it. We may refuse more than nginx, never less.
  private struct Form: Sendable, CustomStringConvertible {
    var description: String
    var isTaken: Bool
    var change: @Sendable (String) -> String
  }

  private static let forms = [
    Form(description: "as it is", isTaken: true) { $0 },
    Form(description: "CR LF", isTaken: true) { $0.replacing("\n", with: "\r\n") },
    Form(description: "no line end", isTaken: true) { String($0.dropLast()) },
    Form(description: "words before", isTaken: true) { "subject=CN = a\n\n" + $0 },
    Form(description: "blanks at the ends of lines", isTaken: true) { $0.replacing("\n", with: " \t\n") },
    Form(description: "an empty line before END", isTaken: false) { $0.replacing("\n-----END", with: "\n\n-----END") },
    Form(description: "an empty line after BEGIN", isTaken: false) { $0.replacing("E-----\nM", with: "E-----\n\nM") },
    Form(description: "an empty line between", isTaken: false) { text in
      var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      lines.insert("", at: 3)
      return lines.joined(separator: "\n")
    },
    Form(description: "indented", isTaken: false) { text in
      text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
    },
    Form(description: "indented base64", isTaken: false) { $0.replacing("\nMI", with: "\n MI") },
    Form(description: "one line", isTaken: false) { text in
      let lines = text.split(separator: "\n")
      return [String(lines[0]), lines[1..<(lines.count - 1)].joined(), String(lines.last ?? "")].joined(separator: "\n")
    },
    Form(description: "line ends as words", isTaken: false) { $0.replacing("\n", with: "\\n") },
    Form(description: "no line ends", isTaken: false) { $0.replacing("\n", with: " ") },
    Form(description: "CR alone", isTaken: false) { $0.replacing("\n", with: "\r") },
    Form(description: "no END", isTaken: false) { String($0.prefix(while: { $0 != "=" }).dropLast(30)) + "\n" },
    Form(description: "four dashes", isTaken: false) { $0.replacing("-----END", with: "----END") },
    Form(description: "another END", isTaken: false) { $0.replacing("END CERT", with: "END X509 CERT") },
    Form(description: "a mark before", isTaken: false) { "\u{feff}" + $0 },
    Form(description: "a letter missing", isTaken: false) { text in
      var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      lines[2] = lines[2].dropLast()
      return lines.joined(separator: "\n")
    },
  ]

  @Test func `what is taken, nginx takes`() async throws {
    let scratch = try Scratch()
    let made = try TestCertificate.make(names: ["a.test"], days: 9999)
    let key = try scratch.write("a.key", made.key)
    var table = ["form                          nginx    ours"]
    for form in Self.forms {
      let text = form.change(made.certificate)
      let pem = try scratch.write("a.pem", text)
      let http = "server { listen 127.0.0.1:1 ssl; ssl_certificate \(pem); ssl_certificate_key \(key); }"
      let complaint = try await NginxProgram.complaint(
        NginxProgram.configuration(http, in: scratch.path), in: scratch.path)
      let isTaken = (try? PEMText(Array(text.utf8)))?.blocks.isEmpty == false
      table.append(
        form.description.padding(toLength: 30, withPad: " ", startingAt: 0)
          + (complaint == nil ? "takes    " : "refuses  ") + (isTaken ? "takes" : "refuses"))
      #expect(isTaken == form.isTaken, "\(form)")
      #expect(!isTaken || complaint == nil, "\(form): \(complaint ?? "")")
    }
    print(table.joined(separator: "\n"))
  }

  /// Lines removed, doubled, broken, joined or changed, in certificates and keys.
  @Test(.timeLimit(.minutes(5))) func `of 3,000 changed texts, nginx takes what we take`() async throws {
    let scratch = try Scratch()
    let made = try TestCertificate.make(names: ["a.test"], days: 9999)
    var random = Seeded(seed: 8)
    var servers: [String] = []
    for index in 0..<3000 {
      let isKey = index % 3 == 0
      let text = Self.changed(isKey ? made.key : made.certificate + made.certificate, &random)
      let bytes = Array(text.utf8)
      guard (try? PEMText(bytes)) != nil,
        let found = isKey ? try? PrivateKey(pem: bytes).keyID : try? CertificateChain(pem: bytes).keyID,
        try found == PrivateKey(pem: Array(made.key.utf8)).keyID
      else { continue }
      let pem = try scratch.write("\(index).pem", isKey ? made.certificate : text)
      let key = try scratch.write("\(index).key", isKey ? text : made.key)
      servers.append(
        "server { listen 127.0.0.1:1 ssl; server_name \(index).test; ssl_certificate \(pem); ssl_certificate_key \(key); }"
      )
    }
    let complaint = try await NginxProgram.complaint(
      NginxProgram.configuration(servers.joined(separator: "\n"), in: scratch.path), in: scratch.path)
    print("3000 texts of PEM: \(servers.count) accepted")
    #expect(complaint == nil)
    #expect((300...2700).contains(servers.count))
  }

  private static func changed(_ text: String, _ random: inout Seeded) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    for _ in 0..<Int.random(in: 0...2, using: &random) {
      let index = Int.random(in: 0..<lines.count, using: &random)
      switch Int.random(in: 0..<9, using: &random) {
      case 0: lines.remove(at: index)
      case 1: lines.insert(lines[index], at: index)
      case 2: lines.insert("", at: index)
      case 3: lines[index] = " " + lines[index]
      case 4: lines[index] += " "
      case 5 where index + 1 < lines.count: lines[index] += lines.remove(at: index + 1)
      case 6: lines.insert("# a comment", at: index)
      case 7: lines[index] = String(lines[index].dropLast())
      default: lines[index] += "\r"
      }
      if lines.isEmpty { return "" }
    }
    return lines.joined(separator: "\n")
  }

  @Test func `two blocks on one line are refused, and the line is said`() throws {
    let made = try TestCertificate.make(names: ["a.test"], days: 9999)
    let glued = String(made.certificate.dropLast()) + made.certificate
    let lines = made.certificate.split(separator: "\n").count
    #expect { try PEMText(Array(glued.utf8)) } throws: { error in
      (error as? PEMText.Problem)?.line == lines
    }
    #expect(try PEMText(Array((made.certificate + made.certificate).utf8)).blocks.count == 2)
  }
}
