extension ResourceSchema {
  /// Proxy hosts. Field names, bounds and defaults are those of NPM's published API schema.
  package static let proxyHost = ResourceSchema(
    kind: .proxyHost, section: "proxy_hosts", route: "proxy-hosts", fields: hostFields,
    operatorFields: hostOperatorFields,
    shorthands: [
      ShorthandSchema(
        name: "forward", scheme: "forward_scheme", host: "forward_host", port: "forward_port", path: nil,
        summary: "Where requests go, as a URL: short for forward_scheme, forward_host and forward_port.")
    ],
    claimField: "domain_names", claims: HostFields.claims,
    effect: { spec in
      "\(spec["forward_scheme"].summary)://\(spec["forward_host"].summary):\(spec["forward_port"].summary)"
    }, check: { ProxyLocations.problems($0) }, normalise: normaliseHost,
    canBeMadeDisabled: true)

  private static let hostFields: [FieldSchema] =
    [
      HostFields.domains,
      FieldSchema("forward_scheme", .choice(["http", "https"]), "How NPM speaks to the destination."),
      FieldSchema("forward_host", .host, "Name or address of the destination."),
      FieldSchema("forward_port", .port, "Port of the destination."),
    ] + HostFields.tls + [
      FieldSchema(
        "trust_forwarded_proto", .bool, defaultValue: false, since: NPMVersion(2, 14, 0),
        "Believe X-Forwarded-Proto of a proxy in front of NPM."),
      FieldSchema("access_list", .reference(.accessList), defaultValue: .null, "Name of an access list, or none."),
      FieldSchema("caching_enabled", .bool, defaultValue: false, "Let nginx cache assets."),
      HostFields.blockExploits,
      FieldSchema("allow_websocket_upgrade", .bool, defaultValue: false, "Pass WebSocket upgrades on."),
      FieldSchema(
        "locations", .list(locationFields, key: "path", shorthands: [locationForward]), defaultValue: [],
        "Paths with another destination."),
      HostFields.advancedConfig, HostFields.enabled,
    ]

  private static let locationForward = ShorthandSchema(
    name: "forward", scheme: "forward_scheme", host: "forward_host", port: "forward_port", path: "forward_path",
    summary: "Where requests go, as a URL: short for the four forward fields.")

  private static let locationFields: [FieldSchema] = [
    FieldSchema("path", .locationPath, "The location's path in nginx, with =, ^~, ~ or ~* before it."),
    FieldSchema("forward_scheme", .choice(["http", "https"]), "How NPM speaks to the destination."),
    FieldSchema("forward_host", .host, "Name or address of the destination."),
    FieldSchema("forward_port", .port, "Port of the destination."),
    FieldSchema("forward_path", .forwardPath, defaultValue: "", "Path that requests get at the destination."),
    FieldSchema(
      "advanced_config", .string(0...100_000), defaultValue: "", "nginx directives that NPM puts into the location."),
  ]

  private static let hostOperatorFields: [FieldSchema] =
    MetadataFields.forDomains + [
      FieldSchema(
        "preset", .string(0...100), defaultValue: "",
        "What a well-known service needs, such as jellyfin; what is written here wins over it."),
      FieldSchema(
        "validate", .choice(["enforce", "warn", "off"]), defaultValue: "enforce",
        "What a destination that fails its check does: block the change, warn, or not be checked."),
      FieldSchema(
        "health", .object(healthFields), defaultValue: .null,
        "What its destination must answer, before it goes live and in the checks of the daemon."),
      FieldSchema(
        "slo", .object(sloFields), defaultValue: .null,
        "What it is expected to do in a week; default: `slo` of the settings."),
    ]

  private static let sloFields: [FieldSchema] = [
    FieldSchema(
      "availability", .decimal(0...100), defaultValue: .null, "Percent of the checks of a week that succeed."),
    FieldSchema(
      "latency_ms", .integer(1...600_000), defaultValue: .null, "Milliseconds that 95 of 100 checks do not exceed."),
  ]

  private static let healthFields: [FieldSchema] = [
    FieldSchema("path", .requestPath, defaultValue: "/", "Path that is asked for, with its query."),
    FieldSchema("method", .choice(["GET", "HEAD"]), defaultValue: "GET", "How it is asked for."),
    FieldSchema(
      "headers", .headers, defaultValue: [:],
      "Headers of the request. `{ env: NAME }` and `{ file: path }` only where `secrets.allow` of the settings has them."
    ),
    FieldSchema(
      "expect_status", .statuses, defaultValue: "100-499",
      "Status codes that are healthy: 200-399, or 200-299,401. A login page is a service that answers."),
    FieldSchema(
      "expect_json", .anything, defaultValue: .null, "Members that the answer must have, with these values."),
    FieldSchema("interval", .duration, defaultValue: .null, "Time between checks; default: `health.interval`."),
    FieldSchema("timeout", .duration, defaultValue: .null, "Time for an answer; default: `probe.http_timeout`."),
  ]

  /// In NPM, `locations` may be null, contain ids, or lack empty members. NPM treats the part of `forward_host` after a
  /// slash as the path.
  @Sendable private static func normaliseHost(_ spec: inout Spec) {
    HostFields.normalise(&spec)
    let locations = (spec["locations"].arrayValue ?? []).map { splitHost(locationFields.filled($0)) }
    spec["locations"] = .array(locations)
  }

  private static func splitHost(_ location: JSONValue) -> JSONValue {
    guard let host = location["forward_host"].stringValue, let slash = host.utf8.firstIndex(of: UInt8(ascii: "/")),
      var members = location.objectValue
    else { return location }
    members["forward_host"] = .string(String(host[..<slash]))
    members["forward_path"] = .string(String(host[slash...]))
    return .object(members)
  }
}
