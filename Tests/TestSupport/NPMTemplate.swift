package import Model

/// The nginx configuration of NPM's templates, limited to what user input affects. Parts that Debian's older nginx
/// lacks are omitted: `http2 on`, and NPM's own includes with their maps.
package enum NPMTemplate {
  /// Directives of NPM's templates that are omitted here.
  package static let leftOut = [
    "http2 on", "include conf.d/include/*", "access_log /data/logs/*", "$x_forwarded_proto",
  ]

  /// A server of a proxy, redirection or 404 host.
  ///
  /// - Parameters:
  ///   - row: the fields as NPM stores them.
  ///   - listen: its `listen` directives and its certificate.
  package static func server(_ kind: ResourceKind, _ row: JSONValue, listen: [String], access: [String] = []) -> String
  {
    let names = texts(row["domain_names"]).joined(separator: " ")
    var lines = listen + ["server_name \(names);"]
    lines += row["advanced_config"].stringValue.map { [$0] } ?? []
    switch kind {
    case .deadHost: lines += ["location / { return 404; }"]
    case .redirectionHost: lines += ["location / { \(redirection(row)) }"]
    default: lines = variables(row) + lines + locations(row, access)
    }
    return "server {\n    \(lines.joined(separator: "\n    "))\n  }"
  }

  /// A server of a stream.
  package static func stream(_ row: JSONValue, listen: String) -> String {
    "server { listen \(listen); proxy_pass \(text(row["forwarding_host"])):\(text(row["forwarding_port"])); }"
  }

  /// The addresses of an access list, in its order.
  package static func clients(_ row: JSONValue) -> [String] {
    (row["clients"].arrayValue ?? []).map { "\(text($0["directive"])) \(text($0["address"]));" }
  }

  private static func variables(_ row: JSONValue) -> [String] {
    [
      "set $forward_scheme \(text(row["forward_scheme"]));", "set $server \"\(text(row["forward_host"]))\";",
      "set $port \(text(row["forward_port"]));",
    ]
  }

  private static func redirection(_ row: JSONValue) -> String {
    let scheme = row["forward_scheme"] == "auto" ? "$scheme" : text(row["forward_scheme"])
    let path = row["preserve_path"] == true ? "$request_uri" : ""
    return "return \(text(row["forward_http_code"])) \(scheme)://\(text(row["forward_domain_name"]))\(path);"
  }

  private static func locations(_ row: JSONValue, _ access: [String]) -> [String] {
    let own = (row["locations"].arrayValue ?? []).map { location in
      let target =
        "\(text(location["forward_scheme"]))://\(text(location["forward_host"])):\(text(location["forward_port"]))"
      return """
        location \(text(location["path"])) {
          \(text(location["advanced_config"]))
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-Scheme $scheme;
          proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
          proxy_set_header X-Real-IP $remote_addr;
          proxy_pass \(target)\(text(location["forward_path"]));
          \(access.joined(separator: "\n"))
        }
        """
    }
    let hasRoot = (row["locations"].arrayValue ?? []).contains { $0["path"] == "/" }
    let root = """
      location / {
        \(access.joined(separator: "\n"))
        add_header X-Served-By $host;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-Scheme $scheme;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_http_version 1.1;
        proxy_pass $forward_scheme://$server:$port$request_uri;
      }
      """
    return own + (hasRoot ? [] : [root])
  }

  private static func texts(_ value: JSONValue) -> [String] { (value.arrayValue ?? []).compactMap(\.stringValue) }

  /// A value as the template inserts it: unescaped.
  private static func text(_ value: JSONValue) -> String {
    value.stringValue ?? value.intValue.map(String.init) ?? ""
  }
}
