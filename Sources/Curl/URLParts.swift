import CLibCurl

/// The parts of an http or https URL. libcurl parses and builds it, so that no part is taken for another.
package struct URLParts: Hashable, Sendable {
  package var scheme: String
  /// A name, an IPv4 address, or an IPv6 address without brackets.
  package var host: String
  package var port: Int?
  /// From the first slash on.
  package var path: String
  /// Without the question mark; nil: none.
  package var query: String?

  package init(scheme: String, host: String, port: Int? = nil, path: String = "/", query: String? = nil) {
    self.scheme = scheme
    self.host = host
    self.port = port
    self.path = path
    self.query = query
  }

  /// nil: not a URL, or one with a user name, a password or a fragment.
  package init?(_ text: String) {
    guard let url = URLHandle(), url.set(CURLUPART_URL, text), let scheme = url.get(CURLUPART_SCHEME),
      let host = url.get(CURLUPART_HOST), let path = url.get(CURLUPART_PATH)
    else { return nil }
    guard [CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_FRAGMENT].allSatisfy({ url.get($0) == nil }) else {
      return nil
    }
    let isVersion6 = host.hasPrefix("[") && host.hasSuffix("]")
    self.init(
      scheme: scheme, host: isVersion6 ? String(host.dropFirst().dropLast()) : host,
      port: url.get(CURLUPART_PORT).flatMap { Int($0) }, path: path, query: url.get(CURLUPART_QUERY))
  }

  /// Sets the path and query from a request target: `/status?full=1`.
  package mutating func set(requestPath: String) {
    let parts = requestPath.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = String(parts[0])
    query = parts.count > 1 ? String(parts[1]) : nil
  }

  /// - Throws: `TransferError` if a part has an invalid value.
  package func text() throws -> String {
    let authority = host.contains(":") ? "[\(host)]" : host
    let isClean = [path, query ?? ""].allSatisfy { part in
      part.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "#") }
    }
    guard isClean, !path.contains("?"), path.hasPrefix("/"), let url = URLHandle(), url.set(CURLUPART_SCHEME, scheme),
      url.set(CURLUPART_HOST, authority), port.map({ url.set(CURLUPART_PORT, String($0)) }) ?? true,
      url.set(CURLUPART_PATH, path), query.map({ url.set(CURLUPART_QUERY, $0) }) ?? true,
      let text = url.get(CURLUPART_URL)
    else {
      throw TransferError(
        reason: .badURL, message: "a part of the address cannot stand in a URL", timings: TransferTimings(),
        mayHaveBeenSent: false)
    }
    return text
  }
}

/// libcurl's URL handle, freed with this object.
private final class URLHandle {
  private let pointer: OpaquePointer

  init?() {
    guard let pointer = curl_url() else { return nil }
    self.pointer = pointer
  }

  deinit { curl_url_cleanup(pointer) }

  func set(_ part: CURLUPart, _ text: String) -> Bool { curl_url_set(pointer, part, text, 0) == CURLUE_OK }

  /// nil: the URL does not have this part.
  func get(_ part: CURLUPart) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(pointer, part, &text, 0) == CURLUE_OK, let text else { return nil }
    defer { curl_free(text) }
    return String(cString: text)
  }
}
