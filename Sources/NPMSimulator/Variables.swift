/// The nginx variables that an advanced configuration uses and defines. nginx reports undefined ones only after it has
/// read the whole configuration.
struct Variables {
  private var used: [String] = []
  private var defined: Set<String> = []

  /// The first variable that is used but not defined.
  var unknown: String? { used.first { !isKnown($0) } }

  mutating func note(_ words: [String]) {
    guard let name = words.first else { return }
    var rest = words.dropFirst()
    if ["set", "auth_request_set"].contains(name), let target = rest.popFirst() { define(target) }
    if ["map", "geo", "split_clients"].contains(name), let target = rest.popLast() { define(target) }
    for word in rest {
      for capture in word.split(separator: "(?<").dropFirst() { defined.insert(String(capture.prefix { $0 != ">" })) }
      used += Self.names(in: word)
    }
  }

  private mutating func define(_ word: String) { defined.insert(String(word.drop { $0 == "$" })) }

  /// Names after `$` or in `${}`; a `$` at the end of a pattern is not a variable.
  private static func names(in word: String) -> [String] {
    word.split(separator: "$", omittingEmptySubsequences: false).dropFirst().compactMap { part in
      let text = part.hasPrefix("{") ? part.dropFirst() : part
      let name = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
      return name.isEmpty ? nil : String(name)
    }
  }

  private func isKnown(_ name: String) -> Bool {
    defined.contains(name) || Self.builtIn.contains(name) || name.first?.isNumber == true
      || Self.families.contains { name.hasPrefix($0) }
  }

  private static let families = [
    "arg_", "http_", "cookie_", "sent_http_", "sent_trailer_", "upstream_", "ssl_", "geoip", "jwt_", "memcached_",
    "proxy_", "realip_", "secure_link", "session_log_", "gzip_", "fastcgi_", "spdy", "http2", "http3", "tcpinfo_",
    "time_", "limit_", "connection", "date_", "server_", "request", "content_", "document_", "remote_", "binary_",
    "body_", "bytes_", "pipe", "pid", "msec", "nginx_version", "scheme", "status", "uri", "args", "host", "hostname",
    "https", "is_args", "query_string", "modern_browser", "ancient_browser", "msie", "invalid_referer", "uid_",
    "slice_range", "trusted_", "x_forwarded_",
  ]
  /// NPM's own template sets these before it includes the advanced configuration.
  private static let builtIn: Set<String> = ["forward_scheme", "server", "port", "limit_rate", "realpath_root"]
}
