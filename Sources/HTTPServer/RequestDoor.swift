/// Refuses requests that two programs could read differently: behind another proxy they are how a request is smuggled.
///
/// libmicrohttpd 0.9.75 accepts two lengths (the first counts), a length beside `chunked`, and several hosts. RFC 9112
/// sections 3.2, 6.1 and 6.3 ask for 400. What it does not show: a text ends at a zero byte, in its view and in ours.
enum RequestDoor {
  struct Head {
    var method: String
    var target: String
    var version: String
    /// In the order in which they came, with those that came twice.
    var headers: [(name: String, value: String)]
    /// Each is UTF-8.
    var isText = true
  }

  /// nil: the request is unmistakable.
  ///
  /// - Parameter maximumBody: of a declared length, in bytes.
  static func refusal(_ head: Head, maximumBody: Int) -> HTTPRefusal? {
    func values(_ name: String) -> [String] { head.headers.filter { $0.name == name }.map(\.value) }
    func bad(_ reason: String) -> HTTPRefusal { HTTPRefusal(status: 400, reason: reason) }
    guard head.version == "HTTP/1.1" || head.version == "HTTP/1.0" else {
      return HTTPRefusal(status: 505, reason: "only HTTP/1.1 and HTTP/1.0 are spoken here")
    }
    guard head.method != "CONNECT", !head.method.isEmpty, head.method.utf8.allSatisfy({ (0x41...0x5a).contains($0) })
    else { return bad("the method is none in capital letters") }
    guard head.target.hasPrefix("/"), head.target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      return bad("the target is no path of visible ASCII characters")
    }
    if !head.isText { return bad("a header is no text") }
    if let header = head.headers.first(where: { !isToken($0.name) || $0.value.utf8.contains(where: isControl) }) {
      return bad("the header '\(header.name.filter { $0.isLetter || $0 == "-" })' holds what no header may hold")
    }
    let hosts = values("host")
    guard hosts.count == 1 || (hosts.isEmpty && head.version == "HTTP/1.0") else {
      return bad("a request has exactly one Host")
    }
    guard values("authorization").count <= 1 else { return bad("a request has one Authorization") }
    return body(values("content-length"), values("transfer-encoding"), head, maximumBody)
      ?? expectation(values("expect"))
  }

  private static func body(
    _ lengths: [String], _ encodings: [String], _ head: Head, _ maximumBody: Int
  ) -> HTTPRefusal? {
    func bad(_ reason: String) -> HTTPRefusal { HTTPRefusal(status: 400, reason: reason) }
    guard lengths.count <= 1, encodings.count <= 1, lengths.isEmpty || encodings.isEmpty else {
      return bad("a body has one length: one Content-Length, or chunked")
    }
    if let encoding = encodings.first, encoding.lowercased() != "chunked" || head.version == "HTTP/1.0" {
      return bad("the only transfer coding is chunked, of HTTP/1.1")
    }
    var declared = 0
    if let length = lengths.first {
      guard let number = Int(length), length.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
        return bad("Content-Length is no number")
      }
      declared = number
    }
    if head.method == "GET" || head.method == "HEAD", declared > 0 || !encodings.isEmpty {
      return bad("\(head.method) has no body")
    }
    guard declared <= maximumBody else {
      return HTTPRefusal(status: 413, reason: "a body has at most \(maximumBody) bytes")
    }
    return nil
  }

  private static func expectation(_ values: [String]) -> HTTPRefusal? {
    values.allSatisfy { $0.lowercased() == "100-continue" }
      ? nil : HTTPRefusal(status: 417, reason: "the only expectation is 100-continue")
  }

  private static func isToken(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy {
        (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || "!#$%&'*+-.^_`|~".utf8.contains($0)
      }
  }

  private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != 0x09 || byte == 0x7f }
}
