import FoundationEssentials
import HTTPServer
import Model

/// Reads request bodies as NPM's web framework does.
enum BodyReader {
  /// nil: no body, or one of a type that is not parsed.
  static func read(_ request: HTTPRequest, limit: Int) -> Result<JSONValue?, NPMFault> {
    let type = (request.headers["content-type"] ?? "").lowercased()
    let isJSON = type.hasPrefix("application/json")
    let isForm = type.hasPrefix("application/x-www-form-urlencoded")
    guard isJSON || isForm else { return .success(nil) }
    if request.body.isEmpty && !request.isBodyTooLarge { return .success(isJSON ? [:] : nil) }
    if request.isBodyTooLarge || request.body.count > limit { return .failure(NPMFault(413, "Internal Error")) }
    if let charset = type.split(separator: "charset=").dropFirst().last, charset != "utf-8" {
      return .failure(NPMFault(415, "Internal Error"))
    }
    if isForm {
      return .success(
        .object(QueryString.parse(String(decoding: request.body, as: UTF8.self)).mapValues { .string($0) }))
    }
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(request.body)),
      value.objectValue != nil || value.arrayValue != nil
    else { return .failure(NPMFault(400, "Internal Error")) }
    return .success(value)
  }
}

/// Parses `a=1&b=2` and decodes it.
enum QueryString {
  static func parse(_ text: String) -> [String: String] {
    var result: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      result[decoded(parts[0])] = parts.count > 1 ? decoded(parts[1]) : ""
    }
    return result
  }

  /// RFC 3986 percent-decoding, with `+` for a space; malformed escapes stay as they are.
  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let pair = hexPair(rest) {
        bytes.append(pair)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func hexPair(_ bytes: ArraySlice<UInt8>) -> UInt8? {
    guard bytes.count >= 2 else { return nil }
    return UInt8(String(decoding: bytes.prefix(2), as: UTF8.self), radix: 16)
  }
}
