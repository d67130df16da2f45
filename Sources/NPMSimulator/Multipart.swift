import FoundationEssentials

/// The parts of a multipart/form-data body by name (RFC 7578), as far as uploads need it.
enum Multipart {
  static func parts(_ body: [UInt8], contentType: String) -> [String: String] {
    guard let boundary = contentType.split(separator: "boundary=").last, contentType.contains("boundary=") else {
      return [:]
    }
    let text = String(decoding: body, as: UTF8.self)
    var result: [String: String] = [:]
    for part in text.components(separatedBy: "--" + boundary.replacing("\"", with: "")) {
      guard let gap = part.firstRange(of: "\r\n\r\n"), let name = name(in: part[..<gap.lowerBound]) else { continue }
      let value = part[gap.upperBound...]
      result[name] = String(value.hasSuffix("\r\n") ? value.dropLast(1) : value)
    }
    return result
  }

  private static func name(in head: Substring) -> String? {
    guard let start = head.firstRange(of: "name=\"")?.upperBound,
      let end = head[start...].firstIndex(of: "\"")
    else { return nil }
    return String(head[start..<end])
  }
}

/// The two facts of a certificate that NPM shows: the subject's common name and the end of its validity.
///
/// Reads just these out of the DER bytes; what is wrong with a certificate otherwise is not noticed.
struct PEMFacts {
  var commonName: String
  var expires: String

  private let der: [UInt8]

  init?(_ pem: String) {
    guard let bytes = PEMFacts.der(pem, label: "CERTIFICATE") else { return nil }
    der = bytes
    guard let times = PEMFacts.times(bytes) else { return nil }
    expires = times
    commonName = PEMFacts.commonName(bytes) ?? ""
  }

  private static func der(_ pem: String, label: String) -> [UInt8]? {
    let lines = pem.split(whereSeparator: \.isNewline)
    guard let first = lines.firstIndex(where: { $0.hasPrefix("-----BEGIN ") && $0.contains(label) }),
      let last = lines[first...].firstIndex(where: { $0.hasPrefix("-----END ") }),
      let der = Data(base64Encoded: lines[(first + 1)..<last].joined())
    else { return nil }
    return Array(der)
  }

  /// Whether the certificate holds the key's RSA modulus: the first long INTEGER of the key. Other kinds of key are
  /// taken for matching.
  func matches(key pem: String) -> Bool {
    guard let key = PEMFacts.der(pem, label: "PRIVATE KEY") else { return true }
    let marker: [UInt8] = [0x02, 0x82, 0x01, 0x01, 0x00]
    guard let start = key.firstRange(of: marker)?.upperBound, start + 256 <= key.count else { return true }
    return der.firstRange(of: Array(key[start..<start + 256])) != nil
  }

  /// UTCTime values (tag 0x17, 13 bytes); the second one ends the validity.
  private static func times(_ bytes: [UInt8]) -> String? {
    let starts = bytes.indices.filter { $0 + 15 <= bytes.count && bytes[$0] == 0x17 && bytes[$0 + 1] == 13 }
    guard starts.count >= 2 else { return nil }
    let digits = bytes[(starts[1] + 2)..<(starts[1] + 14)].map { Character(UnicodeScalar($0)) }
    guard digits.allSatisfy(\.isNumber) else { return nil }
    let pairs = stride(from: 0, to: 12, by: 2).map { String(digits[$0...$0 + 1]) }
    return "20\(pairs[0])-\(pairs[1])-\(pairs[2]) \(pairs[3]):\(pairs[4]):\(pairs[5])"
  }

  /// The last attribute 2.5.4.3: issuer and subject both have one, the subject comes second.
  private static func commonName(_ bytes: [UInt8]) -> String? {
    let marker: [UInt8] = [0x55, 0x04, 0x03]
    let places = bytes.indices.filter { $0 + 5 <= bytes.count && Array(bytes[$0..<$0 + 3]) == marker }
    guard let start = places.last else { return nil }
    let length = Int(bytes[start + 4])
    guard start + 5 + length <= bytes.count else { return nil }
    return String(decoding: bytes[(start + 5)..<(start + 5 + length)], as: UTF8.self)
  }
}
