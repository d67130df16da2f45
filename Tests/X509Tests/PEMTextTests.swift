import Foundation
import Platform
import TestSupport
import Testing
import X509

/// Forms of one certificate, or of a pair: what we take, nginx must take.
@Suite struct PEMTextTests {
  /// A change of a good text, and whether it still is one. `nginx` refuses more than the other way round.
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
