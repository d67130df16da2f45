extension KindDescription {
  /// Proxy hosts. Field names, bounds and defaults are those of NPM's published API schema.
  package static let proxyHost: KindDescription = {
    var description = hostDescription
    description.canBeMadeDisabled = true
    return description
  }()

  private static let hostDescription = KindDescription(
    kind: .proxyHost, section: "proxy_hosts", route: "proxy-hosts", fields: hostFields,
    operatorFields: hostOperatorFields,
    shorthands: [
      ShorthandDescription(
        name: "forward", scheme: "forward_scheme", host: "forward_host", port: "forward_port", path: nil,
        summary: "Where requests go, as a URL: short for forward_scheme, forward_host and forward_port.")
    ],
    claimField: "domain_names", claims: HostFields.claims,
    summary: { spec in
      let target = "\(spec["forward_scheme"].summary)://\(spec["forward_host"].summary):\(spec["forward_port"].summary)"
      return "\(spec.claims.joined(separator: ", ")) -> \(target)"
    }, check: { ProxyLocations.problems($0) }, normalise: normaliseHost)

  private static let hostFields: [FieldDescription] =
    [
      HostFields.domains,
      FieldDescription("forward_scheme", .choice(["http", "https"]), "How NPM speaks to the destination."),
      FieldDescription("forward_host", .host, "Name or address of the destination."),
      FieldDescription("forward_port", .port, "Port of the destination."),
    ] + HostFields.tls + [
      FieldDescription(
        "trust_forwarded_proto", .bool, standard: false, since: NPMVersion(2, 14, 0),
        "Believe X-Forwarded-Proto of a proxy in front of NPM."),
      FieldDescription("access_list", .reference(.accessList), standard: .null, "Name of an access list, or none."),
      FieldDescription("caching_enabled", .bool, standard: false, "Let nginx cache assets."),
      HostFields.blockExploits,
      FieldDescription("allow_websocket_upgrade", .bool, standard: false, "Pass WebSocket upgrades on."),
      FieldDescription(
        "locations", .list(locationFields, key: "path", shorthands: [locationForward]), standard: [],
        "Paths with another destination."),
      HostFields.advancedConfig, HostFields.enabled,
    ]

  private static let locationForward = ShorthandDescription(
    name: "forward", scheme: "forward_scheme", host: "forward_host", port: "forward_port", path: "forward_path",
    summary: "Where requests go, as a URL: short for the four forward fields.")

  private static let locationFields: [FieldDescription] = [
    FieldDescription("path", .locationPath, "The location's path in nginx, with =, ^~, ~ or ~* before it."),
    FieldDescription("forward_scheme", .choice(["http", "https"]), "How NPM speaks to the destination."),
    FieldDescription("forward_host", .host, "Name or address of the destination."),
    FieldDescription("forward_port", .port, "Port of the destination."),
    FieldDescription("forward_path", .forwardPath, standard: "", "Path that requests get at the destination."),
    FieldDescription(
      "advanced_config", .string(0...100_000), standard: "", "nginx directives that NPM puts into the location."),
  ]

  private static let hostOperatorFields: [FieldDescription] =
    OperatorFields.forDomains + [
      FieldDescription(
        "validate", .choice(["enforce", "warn", "off"]), standard: "enforce",
        "What a destination that fails its check does: block the change, warn, or not be checked."),
      FieldDescription(
        "health", .object(healthFields), standard: .null,
        "What its destination must answer, before it goes live and in the checks of the daemon."),
      FieldDescription(
        "slo", .object(sloFields), standard: .null,
        "What it is expected to do in a week; default: `slo` of the settings."),
    ]

  private static let sloFields: [FieldDescription] = [
    FieldDescription(
      "availability", .decimal(0...100), standard: .null, "Percent of the checks of a week that succeed."),
    FieldDescription(
      "latency_ms", .integer(1...600_000), standard: .null, "Milliseconds that 95 of 100 checks do not exceed."),
  ]

  private static let healthFields: [FieldDescription] = [
    FieldDescription("path", .requestPath, standard: "/", "Path that is asked for, with its query."),
    FieldDescription("method", .choice(["GET", "HEAD"]), standard: "GET", "How it is asked for."),
    FieldDescription(
      "headers", .headers, standard: [:],
      "Headers of the request. `{ env: NAME }` and `{ file: path }` only where `secrets.allow` of the settings has them."
    ),
    FieldDescription(
      "expect_status", .statuses, standard: "100-499",
      "Status codes that are healthy: 200-399, or 200-299,401. A login page is a service that answers."),
    FieldDescription(
      "expect_json", .anything, standard: .null, "Members that the answer must have, with these values."),
    FieldDescription("interval", .duration, standard: .null, "Time between checks; default: `health.interval`."),
    FieldDescription("timeout", .duration, standard: .null, "Time for an answer; default: `probe.http_timeout`."),
  ]

  /// `locations` may be null in NPM, carry ids, or lack what is empty. NPM takes what follows a slash in `forward_host` for
  /// the path.
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
