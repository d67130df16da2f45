/// Names that other tools, NPM's web interface and common usage have for fields of NPM.
package enum ForeignWords {
  /// The field to write instead, if it exists here; nil: unknown word.
  package static func hint(_ word: String, among names: [String]) -> String? {
    let plain = word.lowercased().replacing("-", with: "_")
    guard let fields = meanings[plain]?.filter(names.contains), let first = fields.first else { return nil }
    if fields.count > 1 { return "write " + fields.map { "'\($0)'" }.joined(separator: " and ") }
    return "write '\(first)'" + (examples[first].map { ", as in '\(first): \($0)'" } ?? "")
  }

  private static let meanings: [String: [String]] = {
    let words: [([String], [String])] = [
      (["hosts", "proxies", "proxy", "sites"], ["proxy_hosts", "domain_names"]),
      (["domains", "domain", "domain_name", "hostname", "server_name", "names"], ["domain_names"]),
      (["redirects", "redirections", "redirect_hosts"], ["redirection_hosts"]),
      (["404_hosts", "404", "dead"], ["dead_hosts"]), (["certs", "ssl_certificates"], ["certificates"]),
      (["acls", "accesslists", "access_control"], ["access_lists"]), (["ports", "tcp_hosts"], ["streams"]),
      (["force_ssl", "ssl_force", "force_https", "https_only", "redirect_https"], ["ssl_forced"]),
      (["ssl", "tls", "https"], ["certificate", "ssl_forced"]),
      (["cert", "ssl_certificate", "certificate_id", "certificate_name"], ["certificate"]),
      (["websockets", "websocket", "websocket_support", "websockets_support", "ws"], ["allow_websocket_upgrade"]),
      (["http2", "http_2", "h2", "http2_enabled"], ["http2_support"]), (["hsts", "hsts_include"], ["hsts_enabled"]),
      (["hsts_include_subdomains", "include_subdomains"], ["hsts_subdomains"]),
      (["cache", "caching", "cache_assets", "cache_enabled"], ["caching_enabled"]),
      (["block_common_exploits", "exploits", "block_exploit"], ["block_exploits"]),
      (["auth", "acl", "access", "access_list_id", "basic_auth"], ["access_list"]),
      (
        [
          "upstream", "target", "backend", "destination", "proxy_pass", "url", "forward_url", "forward_uri", "to",
          "redirect_to",
        ],
        ["forward", "forward_domain_name", "forwarding_host"]
      ),
      (["host", "ip", "address"], ["forward_host", "forwarding_host", "url"]),
      (["port"], ["forward_port", "incoming_port"]), (["scheme", "protocol"], ["forward_scheme"]),
      (["listen", "listen_port", "source_port"], ["incoming_port"]), (["forward_domain"], ["forward_domain_name"]),
      (["code", "http_code", "status_code", "redirect_code"], ["forward_http_code"]),
      (
        ["custom_config", "config", "extra_config", "nginx", "nginx_config", "advanced", "custom_nginx"],
        ["advanced_config"]
      ), (["notes", "note", "comment"], ["description"]),
      (["location", "custom_locations", "paths"], ["locations"]), (["snippet", "include", "includes"], ["snippets"]),
      (["disabled", "active", "state"], ["enabled"]), (["tags", "metadata"], ["labels"]),
      (["users", "credentials"], ["items"]),
      (["user", "name", "login", "email", "account"], ["username", "identity"]),
      (["password", "pass", "passwd"], ["secret"]), (["server", "endpoint", "base_url"], ["url"]),
      (["allow", "deny", "ips", "rules"], ["clients"]), (["healthcheck", "health_check", "check"], ["health"]),
      (["tcp"], ["tcp_forwarding"]), (["udp"], ["udp_forwarding"]),
    ]
    return Dictionary(firstOf: words.flatMap { words, fields in words.map { ($0, fields) } })
  }()

  private static let examples = [
    "domain_names": "[app.example.com]", "forward": "http://10.0.0.1:8080", "enabled": "true or false",

  ]
}
