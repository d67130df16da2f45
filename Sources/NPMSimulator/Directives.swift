/// Names of nginx directives and the contexts that allow them.
enum Directives {
  static func problem(_ words: [String], in context: AdvancedConfig.Context, isBlock: Bool = false) -> String? {
    guard let name = words.first else { return isBlock ? "unexpected \"{\"" : "unexpected \";\"" }
    if topLevel.contains(name) { return context == .other ? nil : "\"\(name)\" directive is not allowed here" }
    if locationOnly.contains(name) && context == .server { return "\"\(name)\" directive is not allowed here" }
    guard known.contains(name) || moduleDirectives.contains(name) || families.contains(where: { name.hasPrefix($0) })
    else {
      return "unknown directive \"\(name)\""
    }
    let blocks: Set<String> = ["location", "if", "limit_except", "types", "map", "geo"]
    if isBlock && !blocks.contains(name) { return "directive \"\(name)\" is not terminated by \";\"" }
    if !isBlock && (name == "location" || name == "if") { return "directive \"\(name)\" has no opening \"{\"" }
    if sized.contains(name), words.count == 2, !isSize(words[1]) { return "\"\(name)\" directive invalid value" }
    if timed.contains(name), words.count == 2, !isTime(words[1]) { return "\"\(name)\" directive invalid value" }
    if name == "include", words.count == 2, isMissing(words[1]) {
      return "open() \"\(words[1])\" failed (2: No such file or directory)"
    }
    if name == "proxy_pass", words.count == 2, let problem = upstream(words[1]) { return problem }
    if sized.contains(name) && words.count != 2 { return "invalid number of arguments in \"\(name)\" directive" }
    return nil
  }

  /// Whether a directive may occur more than once in a block.
  static func isRepeatable(_ name: String) -> Bool {
    repeatable.contains(name) || families.contains { name.hasPrefix($0) }
  }

  private static let repeatable: Set<String> = [
    "add_header", "add_trailer", "proxy_set_header", "proxy_hide_header", "proxy_pass_header", "proxy_redirect",
    "proxy_cookie_domain", "proxy_cookie_path", "proxy_cookie_flags", "proxy_cache_valid", "proxy_ssl_conf_command",
    "fastcgi_param", "fastcgi_hide_header", "fastcgi_pass_header", "fastcgi_cache_valid", "uwsgi_param", "scgi_param",
    "grpc_set_header", "grpc_hide_header", "set", "if", "location", "rewrite", "return", "break", "allow", "deny",
    "include", "listen", "server_name", "error_page", "access_log", "error_log", "sub_filter", "auth_request_set",
    "limit_req", "limit_conn", "set_real_ip_from", "ssl_certificate", "ssl_certificate_key", "ssl_conf_command",
    "expires", "map", "geo", "mirror", "userid", "subs_filter", "server", "resolver",
  ]

  private static let timed: Set<String> = [
    "proxy_read_timeout", "proxy_send_timeout", "proxy_connect_timeout", "client_body_timeout",
    "client_header_timeout", "send_timeout", "fastcgi_read_timeout", "fastcgi_send_timeout",
    "fastcgi_connect_timeout", "grpc_read_timeout", "grpc_send_timeout", "resolver_timeout",
  ]

  private static func isTime(_ text: String) -> Bool {
    var rest = text[...]
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isNumber }
      guard !digits.isEmpty else { return text.hasPrefix("$") }
      let unit = rest.dropFirst(digits.count).prefix { $0.isLetter }
      guard ["", "ms", "s", "m", "h", "d", "w", "M", "y"].contains(String(unit)) else { return false }
      rest = rest.dropFirst(digits.count + unit.count)
    }
    return true
  }

  /// Files in NPM's own directories are assumed to exist.
  private static func isMissing(_ path: String) -> Bool {
    let isElsewhere = path.hasPrefix("/") && !["/etc/nginx/", "/data/", "/snippets/"].contains { path.hasPrefix($0) }
    return isElsewhere && !path.contains(where: { "*?[".contains($0) })
  }

  /// nginx resolves a URL at start only if it contains no variables.
  private static func upstream(_ url: String) -> String? {
    guard !url.contains("$"), let start = url.firstRange(of: "://") else { return nil }
    let authority = url[start.upperBound...].prefix { $0 != "/" }
    guard !authority.hasPrefix("unix:"), !authority.hasPrefix("[") else { return nil }
    let host = authority.prefix { $0 != ":" }
    return Upstream.resolves(String(host)) ? nil : "host not found in upstream \"\(host)\""
  }

  private static func isSize(_ text: String) -> Bool {
    let digits = text.prefix { $0.isNumber }
    return !digits.isEmpty && ["", "k", "m", "g"].contains(text.dropFirst(digits.count).lowercased())
  }

  private static let sized: Set<String> = ["client_max_body_size", "client_body_buffer_size"]
  private static let topLevel: Set<String> = [
    "server", "http", "events", "upstream", "user", "worker_processes", "stream", "daemon", "pid",
  ]
  private static let locationOnly: Set<String> = [
    "proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass", "internal", "alias",
    "limit_except", "empty_gif", "stub_status",
  ]
  /// Prefixes of directives of third-party modules.
  private static let families = ["more_", "brotli_", "lua_", "js_", "geoip2_", "zstd_", "vhost_traffic_"]

  /// Modules with many directives: by module prefix, the rest of each name.
  private static let modules: [String: String] = [
    "proxy_": """
    bind buffer_size buffering buffers busy_buffers_size cache cache_background_update cache_bypass \
    cache_convert_head cache_key cache_lock cache_lock_age cache_lock_timeout cache_max_range_offset cache_methods \
    cache_min_uses cache_path cache_purge cache_revalidate cache_use_stale cache_valid connect_timeout \
    cookie_domain cookie_flags cookie_path force_ranges headers_hash_bucket_size headers_hash_max_size hide_header \
    http_version ignore_client_abort ignore_headers intercept_errors limit_rate max_temp_file_size method \
    next_upstream next_upstream_timeout next_upstream_tries no_cache pass_header pass_request_body \
    pass_request_headers read_timeout redirect request_buffering send_lowat send_timeout set_body set_header \
    socket_keepalive ssl_certificate ssl_certificate_key ssl_ciphers ssl_conf_command ssl_crl ssl_name \
    ssl_password_file ssl_protocols ssl_server_name ssl_session_reuse ssl_trusted_certificate ssl_verify \
    ssl_verify_depth store store_access temp_file_write_size temp_path pass
    """,
    "ssl_": """
    buffer_size certificate certificate_key ciphers client_certificate conf_command crl dhparam early_data \
    ecdh_curve ocsp ocsp_cache ocsp_responder password_file prefer_server_ciphers protocols reject_handshake \
    session_cache session_ticket_key session_tickets session_timeout stapling stapling_file stapling_responder \
    stapling_verify trusted_certificate verify_client verify_depth
    """,
    "gzip_": "buffers comp_level disable http_version min_length proxied static types vary",
    "auth_": "basic basic_user_file delay jwt request request_set",
    "limit_":
      "conn conn_dry_run conn_log_level conn_status conn_zone except rate rate_after req req_dry_run req_log_level req_status req_zone",
    "client_":
      "body_buffer_size body_in_file_only body_in_single_buffer body_temp_path body_timeout header_buffer_size header_timeout max_body_size",
    "fastcgi_":
      "bind buffer_size buffering buffers busy_buffers_size cache cache_bypass cache_key cache_valid connect_timeout hide_header ignore_headers index intercept_errors keep_conn no_cache param pass pass_header read_timeout send_timeout split_path_info temp_path",
    "uwsgi_":
      "buffer_size buffering buffers connect_timeout hide_header param pass pass_header read_timeout send_timeout",
    "scgi_": "buffering buffers connect_timeout param pass read_timeout send_timeout",
    "grpc_":
      "buffer_size connect_timeout hide_header pass pass_header read_timeout send_timeout set_header ssl_certificate ssl_certificate_key ssl_name ssl_server_name ssl_verify",
    "open_": "file_cache file_cache_errors file_cache_min_uses file_cache_valid log_file_cache",
    "real_": "ip_header ip_recursive", "sub_": "filter filter_last_modified filter_once filter_types",
    "secure_": "link link_md5 link_secret", "server_": "name name_in_redirect tokens",
    "keepalive_": "disable requests time timeout", "send_": "lowat timeout", "reset_": "timedout_connection",
    "lingering_": "close time timeout", "output_": "buffers", "postpone_": "output", "sendfile_": "max_chunk",
    "ssi_": "last_modified min_file_chunk silent_errors types value_length", "dav_": "access methods",
    "autoindex_": "exact_size format localtime", "charset_": "map types", "types_": "hash_bucket_size hash_max_size",
    "http2_": "body_preread_size chunk_size max_concurrent_streams recv_buffer_size push push_preload",
    "mirror_": "request_body", "image_filter_": "buffer interlace jpeg_quality sharpen transparency webp_quality",
    "variables_": "hash_bucket_size hash_max_size", "userid_": "domain expires flags mark name p3p path service",
  ]
  private static let moduleDirectives = Set(
    modules.flatMap { prefix, names in names.split(separator: " ").map { prefix + $0 } })
  private static let known: Set<String> = [
    "location", "if", "set", "return", "rewrite", "rewrite_log", "break", "add_header", "add_trailer", "root", "index",
    "try_files", "include", "listen", "allow", "deny", "access_log", "error_log", "log_not_found", "log_subrequest",
    "error_page", "default_type", "types", "gzip", "brotli", "etag", "if_modified_since", "resolver",
    "resolver_timeout", "tcp_nodelay", "tcp_nopush", "underscores_in_headers", "ignore_invalid_headers",
    "merge_slashes", "chunked_transfer_encoding", "max_ranges", "large_client_header_buffers", "port_in_redirect",
    "absolute_redirect", "recursive_error_pages", "connection_pool_size", "request_pool_size", "aio", "directio",
    "disable_symlinks", "msie_padding", "msie_refresh", "override_charset", "read_ahead", "server_tokens",
    "set_real_ip_from", "subrequest_output_buffer_size", "uninitialized_variable_warn", "userid", "valid_referers",
    "add_before_body", "add_after_body", "addition_types", "random_index", "source_charset", "http2", "http3", "quic",
    "internal", "alias", "limit_except", "empty_gif", "stub_status", "proxy_pass", "fastcgi_pass", "uwsgi_pass",
    "scgi_pass", "grpc_pass", "memcached_pass", "map", "geo", "split_clients", "sendfile", "ssi", "autoindex",
    "charset", "expires", "mirror", "slice", "satisfy", "mp4", "flv", "image_filter",
  ]
}
