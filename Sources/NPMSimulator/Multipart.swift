import FoundationEssentials

/// Parses a multipart/form-data body (RFC 7578) into parts by name, to the extent that uploads need it.
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
