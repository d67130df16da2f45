/// Variables that nginx has in every host of NPM's. One that it does not know is an error for all hosts.
package enum NginxVariables {
  /// The first name in a text that is none, with its dollar; nil: all are known.
  ///
  /// - Parameter groups: names of the groups of a location's pattern.
  package static func unknown(in text: String, groups: [String] = []) -> String? {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false).dropFirst()
    return parts.lazy.map(name).first { name in !isKnown(name) && !groups.contains(name) }.map { "$\($0)" }
  }

  /// Whether a text has variables, known or not.
  package static func isUsed(in text: String) -> Bool { text.contains("$") }

  /// Names of the groups of a pattern: `(?<name>`, `(?P<name>`, `(?'name'`.
  package static func groups(in pattern: String) -> [String] {
    ["(?<", "(?P<", "(?'"].flatMap { mark in
      pattern.split(separator: mark, omittingEmptySubsequences: false).dropFirst().map {
        String($0.prefix(while: isPart))
      }
    }.filter { !$0.isEmpty }
  }

  private static func name(_ part: Substring) -> String {
    if let first = part.first, ("1"..."9").contains(first) { return String(first) }
    guard part.hasPrefix("{") else { return String(part.prefix(while: isPart)) }
    let inner = part.dropFirst()
    let name = inner.prefix(while: isPart)
    // Without its other brace it is no name at all.
    return inner.dropFirst(name.count).hasPrefix("}") ? String(name) : ""
  }

  private static func isPart(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "_")
  }

  private static func isKnown(_ name: String) -> Bool {
    if name.utf8.count == 1, let first = name.first, ("1"..."9").contains(first) { return true }
    return builtIn.contains(name) || families.contains { name.hasPrefix($0) && name.utf8.count > $0.utf8.count }
  }

  private static let families = ["arg_", "cookie_", "http_", "sent_http_", "upstream_http_"]

  package static let builtIn: Set<String> = [
    "args", "binary_remote_addr", "body_bytes_sent", "bytes_sent", "connection", "content_length", "content_type",
    "document_root", "document_uri", "host", "hostname", "http_host", "https", "is_args", "msec", "nginx_version",
    "pid",
    "proxy_add_x_forwarded_for", "proxy_host", "proxy_port", "query_string", "realpath_root", "remote_addr",
    "remote_port", "remote_user", "request", "request_id", "request_length", "request_method", "request_time",
    "request_uri", "scheme", "server_addr", "server_name", "server_port", "server_protocol", "status", "time_iso8601",
    "time_local", "uri",
  ]
}
