/// Names of nginx directives and where they may stand.
enum Directives {
  static func problem(_ words: [String], in context: AdvancedConfig.Context, isBlock: Bool = false) -> String? {
    guard let name = words.first else { return isBlock ? "unexpected \"{\"" : "unexpected \";\"" }
    if topLevel.contains(name) { return context == .other ? nil : "\"\(name)\" directive is not allowed here" }
    if locationOnly.contains(name) && context == .server { return "\"\(name)\" directive is not allowed here" }
    guard known.contains(name) || families.contains(where: { name.hasPrefix($0) }) else {
      return "unknown directive \"\(name)\""
    }
    let blocks: Set<String> = ["location", "if", "limit_except", "types", "map", "geo"]
    if isBlock && !blocks.contains(name) { return "directive \"\(name)\" is not terminated by \";\"" }
    if !isBlock && (name == "location" || name == "if") { return "directive \"\(name)\" has no opening \"{\"" }
    if sized.contains(name), words.count == 2, !isSize(words[1]) { return "\"\(name)\" directive invalid value" }
    if sized.contains(name) && words.count != 2 { return "invalid number of arguments in \"\(name)\" directive" }
    return nil
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
  /// Modules whose directives share a beginning.
  private static let families = [
    "proxy_", "fastcgi_", "uwsgi_", "scgi_", "grpc_", "ssl_", "gzip_", "auth_", "limit_", "sub_filter", "proxy_cache_",
    "more_", "brotli_", "open_file_cache", "real_ip_", "lua_", "access_by_lua", "content_by_lua", "rewrite_by_lua",
    "header_filter_by_lua", "body_filter_by_lua", "set_by_lua", "log_by_lua", "js_", "secure_link", "image_filter",
    "http2_", "client_", "keepalive_", "send_", "reset_", "lingering_", "output_", "postpone_", "sendfile",
    "ssi", "dav_", "mp4", "flv", "autoindex", "charset", "expires", "geoip", "types_", "server_name", "mirror",
    "variables_", "slice", "upstream_", "satisfy", "zstd",
  ]
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
    "scgi_pass", "grpc_pass", "memcached_pass", "map", "geo", "split_clients",
  ]
}
