/// Variables that nginx defines in every NPM host. An unknown one is an error for all hosts.
package enum NginxVariables {
  /// The first unknown name in a text, with its dollar sign; nil: all are known.
  ///
  /// - Parameter groups: names of the groups of a location's pattern.
  package static func unknown(in text: String, groups: [String] = []) -> String? {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false).dropFirst()
    let own = Set(groups.map { $0.lowercased() })
    return parts.lazy.map(name).first { name in !isKnown(name.lowercased()) && !own.contains(name.lowercased()) }
      .map { "$\($0)" }
  }

  /// Whether a text has variables, known or not.
  package static func isUsed(in text: String) -> Bool { text.contains("$") }

  /// Whether a name is predefined, so that no group of a pattern may use it; nginx ignores letter case.
  package static func isTaken(_ name: String) -> Bool { isKnown(name.lowercased()) }

  /// Names that directives in a text assign: `set $name value;`.
  package static func defined(in text: String) -> [String] {
    text.split(separator: "set $", omittingEmptySubsequences: false).dropFirst().map {
      String($0.prefix(while: isPart))
    }
  }

  /// Names of the groups of a pattern: `(?<name>`, `(?P<name>`, `(?'name'`.
  package static func groups(in pattern: String) -> [String] {
    let pattern = pattern.replacing("\\\\", with: "").replacing("\\(", with: "")
    return ["(?<", "(?P<", "(?'"].flatMap { mark in
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
    // An unclosed brace makes the name invalid, and so does a group number in braces.
    let isName = inner.dropFirst(name.count).hasPrefix("}") && name.first?.isNumber == false
    return isName ? String(name) : ""
  }

  private static func isPart(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "_")
  }

  private static func isKnown(_ name: String) -> Bool {
    if name.utf8.count == 1, let first = name.first, ("1"..."9").contains(first) { return true }
    return builtIn.contains(name) || families.contains { name.hasPrefix($0) && name.utf8.count > $0.utf8.count }
  }

  private static let families = [
    "arg_", "cookie_", "http_", "sent_http_", "sent_trailer_", "upstream_cookie_", "upstream_http_",
    "upstream_trailer_",
  ]

  package static let builtIn: Set<String> = [
    "args", "binary_remote_addr", "body_bytes_sent", "bytes_sent", "connection", "content_length", "content_type",
    "document_root", "document_uri", "host", "hostname", "http_host", "https", "is_args", "msec", "nginx_version",
    "pid",
    "proxy_add_x_forwarded_for", "proxy_host", "proxy_port", "query_string", "realpath_root", "remote_addr",
    "remote_port", "remote_user", "request", "request_id", "request_length", "request_method", "request_time",
    "request_uri", "scheme", "server_addr", "server_name", "server_port", "server_protocol", "status", "time_iso8601",
    "time_local", "uri", "connection_requests", "connection_time", "gzip_ratio", "http2", "limit_conn_status",
    "limit_rate", "limit_req_status", "pipe", "proxy_protocol_addr", "proxy_protocol_port",
    "proxy_protocol_server_addr",
    "proxy_protocol_server_port", "realip_remote_addr", "realip_remote_port", "request_body", "request_body_file",
    "request_completion", "request_filename", "secure_link", "secure_link_expires", "slice_range", "ssl_cipher",
    "ssl_ciphers", "ssl_client_cert", "ssl_client_escaped_cert", "ssl_client_fingerprint", "ssl_client_i_dn",
    "ssl_client_raw_cert", "ssl_client_s_dn", "ssl_client_serial", "ssl_client_v_end", "ssl_client_v_remain",
    "ssl_client_v_start", "ssl_client_verify", "ssl_curves", "ssl_early_data", "ssl_protocol", "ssl_server_name",
    "ssl_session_id", "ssl_session_reused", "tcpinfo_rcv_space", "tcpinfo_rtt", "tcpinfo_rttvar", "tcpinfo_snd_cwnd",
    "upstream_addr", "upstream_bytes_received", "upstream_bytes_sent", "upstream_cache_status", "upstream_connect_time",
    "upstream_header_time", "upstream_response_length", "upstream_response_time", "upstream_status",
    // NPM's own, in proxy hosts.
    "forward_scheme", "port", "server",
  ]
}
