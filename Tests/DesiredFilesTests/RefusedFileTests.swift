import DesiredFiles
import Foundation
import Model
import TestSupport
import Testing

/// Errors in files that the YAML refers to, or in its size: each with the position of the reference.
@Suite struct RefusedFileTests {
  private func load(
    _ yaml: String, _ files: [String: [UInt8]] = [:], variables: [String: String] = [:]
  ) throws -> [Diagnostic] {
    let scratch = try Scratch()
    try scratch.write("desired/a.yaml", yaml)
    for (name, bytes) in files { try Data(bytes).write(to: URL(fileURLWithPath: "\(scratch.path)/desired/\(name)")) }
    var secrets = SecretSource.live
    secrets.variable = { variables[$0] }
    return DesiredLoader.load(scratch.path + "/desired", secrets: secrets).diagnostics.filter { $0.severity == .error }
  }

  private func expect(
    _ found: [Diagnostic], _ code: DiagnosticCode, line: Int, column: Int, _ words: String,
    _ location: Testing.SourceLocation = #_sourceLocation
  ) {
    #expect(found.map(\.code) == [code], "\(found.map(\.message))", sourceLocation: location)
    let place = found.first?.location
    #expect(place?.line == line && place?.column == column, "\(String(describing: place))", sourceLocation: location)
    #expect(found.first?.message.contains(words) == true, "\(found.map(\.message))", sourceLocation: location)
  }

  private static let certificate = """
    certificates:
      tls:
        certificate: { file: tls.pem }
        certificate_key: { file: tls.key }

    """

  @Test func `PEM that nginx would not take is refused, with the line of the file`() throws {
    let made = try TestCertificate.make(names: ["a.test"], days: 9999)
    let other = try TestCertificate.make(names: ["b.test"], days: 9999)
    let key = Array(made.key.utf8)
    let cases: [(String, String)] = [
      (made.certificate.replacing("\n-----END", with: "\n\n-----END"), "an empty line"),
      ("  " + made.certificate.replacing("\n", with: "\n  "), "line 1 of the file of 'certificate'"),
      (String(made.certificate.dropLast()) + other.certificate, "stands behind another block"),
      (made.certificate.replacing("\nMI", with: "\n MI"), "line 2 of the file of 'certificate': a line within"),
      (made.certificate.replacing("CERTIFICATE", with: "TRUSTED CERTIFICATE"), "may not take"),
      (made.key, "there is no certificate in it"), ("nothing", "there is no certificate in it"),
    ]
    for (text, words) in cases {
      let found = try load(Self.certificate, ["tls.pem": Array(text.utf8), "tls.key": key])
      expect(found, .badCertificate, line: 3, column: 18, words)
    }
    #expect(
      try load(Self.certificate, ["tls.pem": [0xef, 0xbb, 0xbf] + Array(made.certificate.utf8), "tls.key": key]).isEmpty
    )
  }

  @Test func `a key is one, alone, not encrypted, and that of the first certificate`() throws {
    let made = try TestCertificate.make(names: ["a.test"], days: 9999)
    let other = try TestCertificate.make(names: ["b.test"], days: 9999)
    let locked = try TestCertificate.make(names: ["a.test"], days: 9999, password: "x")
    let pem = Array(made.certificate.utf8)
    let cases = [
      (locked.key, "encrypted"), (made.key + other.key, "more than one key"),
      (made.key.replacing("PRIVATE KEY", with: "OPENSSH PRIVATE KEY"), "may not take"),
      (made.certificate, "no private key"),
    ]
    for (text, words) in cases {
      let found = try load(Self.certificate, ["tls.pem": pem, "tls.key": Array(text.utf8)])
      expect(found, .badCertificate, line: 4, column: 22, words)
    }
    let order = Array((other.certificate + made.certificate).utf8)
    let found = try load(Self.certificate, ["tls.pem": order, "tls.key": Array(made.key.utf8)])
    expect(found, .certificateKey, line: 4, column: 22, "does not belong")
    #expect(found.first?.hint?.contains("certificate 2") == true)
  }

  /// PEM text after passing through an environment variable.
  @Test(arguments: [" ", "", "\\n"]) func `a key on one line is not repeated`(lineEnd: String) throws {
    let made = try TestCertificate.make(names: ["a.test"], days: 9999)
    let line = made.key.replacing("\n", with: lineEnd)
    for name in ["certificate", "certificate_key"] {
      let texts = [
        "tls.pem": name == "certificate" ? line : made.certificate, "tls.key": name == "certificate" ? made.key : line,
      ]
      let found = try load(Self.certificate, texts.mapValues { Array($0.utf8) })
      #expect(found.map(\.code) == [.badCertificate])
      let secret = made.key.split(separator: "\n")[1].prefix(12)
      #expect(!found.contains { "\($0)".contains(secret) }, "\(found)")
    }
    let pasted =
      "certificates:\n  tls: { certificate: { file: tls.pem }, certificate_key: { file: \"\(line.replacing("\\", with: ""))\" } }\n"
    let pem = Array(made.certificate.utf8)
    #expect(try !load(pasted, ["tls.pem": pem]).contains { "\($0)".contains("MI") })
  }

  @Test func `an intermediate that is over is noticed`() throws {
    let root = try TestCertificate.make(names: ["root.test"], days: 9999, isAuthority: true)
    let over = try TestCertificate.make(names: ["middle.test"], days: 1, issuer: root, isAuthority: true)
    let own = try TestCertificate.make(names: ["a.test"], days: 9999, issuer: over)
    let chain = Array((own.certificate + over.certificate).utf8)
    let found = try load(Self.certificate, ["tls.pem": chain, "tls.key": Array(own.key.utf8)])
    expect(found, .certificateExpired, line: 3, column: 18, "'middle.test' above it expired on 2023-11-15")
    let beside = Self.certificate + "    intermediate_certificate: { file: chain.pem }\n"
    let files = ["tls.pem": Array(own.certificate.utf8), "tls.key": Array(own.key.utf8)]
    let late = try load(beside, files.merging(["chain.pem": Array(over.certificate.utf8)]) { $1 })
    expect(late, .certificateExpired, line: 5, column: 31, "'middle.test' above it expired")
  }

  @Test(arguments: [
    ("-secret", "begins with '-'"), ("a\nb", "line end"), ("a\tb", "control character"),
    (String(repeating: "x", count: 257), "256 bytes"),
  ])
  func `a password that NPM cannot take is refused where it is named`(password: String, words: String) throws {
    let yaml = "access_lists:\n  lan: { items: [{ username: u, password: { env: PW } }] }\n"
    expect(try load(yaml, variables: ["PW": password]), .badValue, line: 2, column: 43, words)
  }

  @Test(
    arguments: [
      ([0xef, 0xbb, 0xbf] + Array("s3cret\r\n".utf8), "s3cret"), (Array("s3cret\n\n".utf8), "s3cret"),
      (Array(" s3 cret ".utf8), " s3 cret "), ([0x73, 0xff], nil), ([0xef, 0xbb, 0xbf, 0x0a], ""), ([], ""),
    ] as [([UInt8], String?)])
  func `a byte order mark and line ends are no part of a secret`(bytes: [UInt8], text: String?) {
    #expect(SecretText.text(of: bytes) == text)
  }

  @Test func `what is no UTF-8 is no secret`() throws {
    let yaml = "access_lists:\n  lan: { items: [{ username: u, password: { file: pw } }] }\n"
    expect(try load(yaml, ["pw": [0x61, 0xff]]), .unsetVariable, line: 2, column: 51, "is not UTF-8")
  }

  @Test func `a host beyond what NPM takes is refused at its largest field`() throws {
    func yaml(_ character: String, _ count: Int) -> String {
      "proxy_hosts:\n  a:\n    domain_names: [a.test]\n    forward: http://10.0.0.1\n    advanced_config: |\n      # "
        + String(repeating: character, count: count) + "\n"
    }
    #expect(try load(yaml("x", 90_000)).isEmpty)
    // Three bytes per character, two per quote.
    expect(try load(yaml("\u{20ac}", 40_000)), .tooLarge, line: 5, column: 22, "bytes as JSON")
    expect(try load(yaml("\"", 60_000)), .tooLarge, line: 5, column: 22, "bytes as JSON")
  }

  @Test func `the size is that of the JSON`() throws {
    let values: [JSONValue] = [
      nil, true, false, 0, -12, .double(1.5), "a\"b\\c/d", "\u{8}\u{c}\n\r\t\u{1}\u{7f}\u{20ac}\u{1f600}", [], [1, 2],
      [:], ["a": ["b": [nil, "c"]], "d": "e"],
    ]
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    for value in values { #expect(try value.encodedSize == encoder.encode(value).count, "\(value)") }
    var spec = Spec(ResourceSchema.proxyHost)
    spec["advanced_config"] = "a\n\"b\""
    #expect(try spec.encodedSize == encoder.encode(spec.json).count)
  }
}
