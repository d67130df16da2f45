import Model

/// The four kinds of host that share NPM's routes, and their differences.
enum HostKind: String, CaseIterable, Codable, Sendable {
  case proxy = "proxy-hosts"
  case redirection = "redirection-hosts"
  case dead = "dead-hosts"
  case stream = "streams"

  /// The name in permissions.
  var permission: String { rawValue.replacing("-", with: "_") }
  /// The name in the audit log.
  var auditName: String { String(rawValue.dropLast()) }
  /// The directory of its configuration files.
  var folder: String { auditName.replacing("-", with: "_") }
  var report: String { auditName.split(separator: "-").first.map(String.init) ?? auditName }
  var hasDomains: Bool { self != .stream }
  /// Relations that `expand` knows.
  var relations: Set<String> {
    switch self {
    case .proxy: ["owner", "certificate", "access_list", "access_list.items", "access_list.clients"]
    case .redirection, .dead, .stream: ["owner", "certificate"]
    }
  }

  /// Values of a new row for fields that the request omits.
  func defaults(_ dialect: ReleaseProfile) -> [String: JSONValue] {
    var row: [String: JSONValue] = ["certificate_id": 0, "meta": [:], "enabled": true]
    if self != .stream {
      for flag in ["ssl_forced", "http2_support", "hsts_enabled", "hsts_subdomains"] { row[flag] = false }
      row["advanced_config"] = ""
    }
    switch self {
    case .proxy:
      row["access_list_id"] = 0
      row["locations"] = .null
      for flag in ["caching_enabled", "block_exploits", "allow_websocket_upgrade"] { row[flag] = false }
      if dialect.hasTrustForwardedProto { row["trust_forwarded_proto"] = false }
    case .redirection:
      row["preserve_path"] = false
      row["block_exploits"] = false
    case .dead: break
    case .stream:
      row["tcp_forwarding"] = false
      row["udp_forwarding"] = false
    }
    return row
  }

  func createSchema(_ dialect: ReleaseProfile) -> Schema {
    switch self {
    case .proxy:
      .object(HostSchemas.proxy(dialect), required: ["domain_names", "forward_scheme", "forward_host", "forward_port"])
    case .redirection:
      .object(
        HostSchemas.redirection,
        required: ["domain_names", "forward_scheme", "forward_http_code", "forward_domain_name"])
    case .dead: .object(HostSchemas.dead, required: ["domain_names"])
    case .stream:
      .object(
        HostSchemas.stream + [.init("domain_names", HostSchemas.domains)],
        required: ["incoming_port", "forwarding_host", "forwarding_port"])
    }
  }

  func updateSchema(_ dialect: ReleaseProfile) -> Schema {
    switch self {
    case .proxy: .object(HostSchemas.proxy(dialect), required: [], minimum: 1)
    case .redirection: .object(HostSchemas.redirection, required: [], minimum: 1)
    case .dead: .object(HostSchemas.dead, required: [], minimum: 1)
    case .stream: .object(HostSchemas.stream, required: [], minimum: 1)
    }
  }
}

/// Request bodies, from NPM's published schema.
enum HostSchemas {
  static let domainPattern = Schema.Pattern(text: "^[^&| @!#%^();:/\\\\}{=+?<>,~`'\"]+$") { text in
    !text.isEmpty && !text.contains { "&| @!#%^();:/\\}{=+?<>,~`'\"".contains($0) }
  }

  /// The pattern as code: the regular expression itself takes exponential time on long texts.
  private static let targetPattern = Schema.Pattern(text: "^(?:[^.*]+\\.?)+[^.]$") { text in
    guard let last = text.last, last != "." else { return false }
    let body = text.dropLast()
    return !body.isEmpty && !body.contains("*") && !body.hasPrefix(".") && !body.contains("..")
  }
  /// NPM accepts any text: two of its three alternatives have no restrictions.
  private static let streamHost = anyText
  private static let anyText = Schema.string(lengths: 0...Int.max)
  private static let port = Schema.integer(1...65535)
  private static let host = Schema.string(lengths: 1...255)
  private static let scheme = Schema.string(lengths: 0...Int.max, choices: ["http", "https"])
  static let domains = Schema.array(
    .string(lengths: 0...Int.max, pattern: domainPattern), counts: 1...100, isUnique: true)
  private static let certificate = Schema.anyOf([
    .integer(0...Int.max),
    .string(lengths: 0...Int.max, pattern: Schema.Pattern(text: "^new$") { $0 == "new" }),
  ])
  private static let tls: [Schema.Property] = [
    .init("certificate_id", certificate), .init("ssl_forced", .boolean), .init("hsts_enabled", .boolean),
    .init("hsts_subdomains", .boolean), .init("http2_support", .boolean),
  ]

  static func proxy(_ dialect: ReleaseProfile) -> [Schema.Property] {
    let trust: [Schema.Property] = dialect.hasTrustForwardedProto ? [.init("trust_forwarded_proto", .boolean)] : []
    return [
      .init("domain_names", domains), .init("forward_scheme", scheme), .init("forward_host", host),
      .init("forward_port", port),
    ] + tls + trust + [
      .init("block_exploits", .boolean), .init("caching_enabled", .boolean),
      .init("allow_websocket_upgrade", .boolean), .init("access_list_id", .integer(0...Int.max)),
      .init("advanced_config", anyText), .init("enabled", .boolean), .init("meta", .freeObject),
      .init("locations", .array(location, counts: 0...Int.max, isUnique: false)),
    ]
  }

  private static let location = Schema.object(
    [
      .init("id", .nullableInteger), .init("path", .string(lengths: 1...Int.max)), .init("forward_scheme", scheme),
      .init("forward_host", host), .init("forward_port", port), .init("forward_path", anyText),
      .init("advanced_config", anyText),
    ], required: ["forward_scheme", "forward_host", "forward_port", "path"])

  static let redirection: [Schema.Property] =
    [
      .init("domain_names", domains), .init("forward_http_code", .integer(300...308)),
      .init("forward_scheme", .string(lengths: 0...Int.max, choices: ["auto", "http", "https"])),
      .init("forward_domain_name", .string(lengths: 0...Int.max, pattern: targetPattern)),
      .init("preserve_path", .boolean),
    ] + tls + [.init("block_exploits", .boolean), .init("advanced_config", anyText), .init("meta", .freeObject)]

  static let dead: [Schema.Property] =
    [.init("domain_names", domains)] + tls + [.init("advanced_config", anyText), .init("meta", .freeObject)]

  static let stream: [Schema.Property] = [
    .init("incoming_port", port), .init("forwarding_host", streamHost), .init("forwarding_port", port),
    .init("tcp_forwarding", .boolean), .init("udp_forwarding", .boolean), .init("certificate_id", certificate),
    .init("meta", .freeObject),
  ]
}
