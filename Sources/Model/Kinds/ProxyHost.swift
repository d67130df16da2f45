extension KindDescription {
  /// Proxy hosts. Field names, bounds and defaults are those of NPM's published API schema.
  package static let proxyHost = KindDescription(
    kind: .proxyHost, section: "proxy_hosts", fields: hostFields, operatorFields: hostOperatorFields,
    shorthands: [
      ShorthandDescription(
        name: "forward", scheme: "forward_scheme", host: "forward_host", port: "forward_port", path: nil,
        summary: "Where requests go, as a URL: short for forward_scheme, forward_host and forward_port.")
    ],
    normalise: normaliseHost)

  private static let hostFields: [FieldDescription] = [
    FieldDescription("domain_names", .domains, "Names that nginx answers to; at most 100, wildcards allowed."),
    FieldDescription("forward_scheme", .choice(["http", "https"]), "How NPM speaks to the destination."),
    FieldDescription("forward_host", .host, "Name or address of the destination."),
    FieldDescription("forward_port", .port, "Port of the destination."),
    FieldDescription(
      "certificate", .reference(.certificate), standard: .null, "Name of a certificate in NPM, or none."),
    FieldDescription("ssl_forced", .bool, standard: false, "Redirect http to https. Needs a certificate."),
    FieldDescription("http2_support", .bool, standard: false, "Offer HTTP/2. Needs a certificate."),
    FieldDescription("hsts_enabled", .bool, standard: false, "Send Strict-Transport-Security. Needs ssl_forced."),
    FieldDescription("hsts_subdomains", .bool, standard: false, "Extend HSTS to subdomains. Needs hsts_enabled."),
    FieldDescription(
      "trust_forwarded_proto", .bool, standard: false, since: NPMVersion(2, 14, 0),
      "Believe X-Forwarded-Proto of a proxy in front of NPM."),
    FieldDescription(
      "access_list", .reference(.accessList), standard: .null, "Name of an access list in NPM, or none."),
    FieldDescription("caching_enabled", .bool, standard: false, "Let nginx cache assets."),
    FieldDescription("block_exploits", .bool, standard: false, "Refuse requests that look like common exploits."),
    FieldDescription("allow_websocket_upgrade", .bool, standard: false, "Pass WebSocket upgrades on."),
    FieldDescription(
      "locations", .list(locationFields, key: "path", shorthands: [locationForward]), standard: [],
      "Paths with another destination."),
    FieldDescription(
      "advanced_config", .string(0...100_000), standard: "", "nginx directives that NPM puts into the server block."),
    FieldDescription("enabled", .bool, standard: true, "Whether NPM serves the host."),
  ]

  private static let locationForward = ShorthandDescription(
    name: "forward", scheme: "forward_scheme", host: "forward_host", port: "forward_port", path: "forward_path",
    summary: "Where requests go, as a URL: short for the four forward fields.")

  private static let locationFields: [FieldDescription] = [
    FieldDescription("path", .string(1...1024), "The location's path in nginx."),
    FieldDescription("forward_scheme", .choice(["http", "https"]), "How NPM speaks to the destination."),
    FieldDescription("forward_host", .host, "Name or address of the destination."),
    FieldDescription("forward_port", .port, "Port of the destination."),
    FieldDescription("forward_path", .string(0...1024), standard: "", "Path that requests get at the destination."),
    FieldDescription(
      "advanced_config", .string(0...100_000), standard: "", "nginx directives that NPM puts into the location."),
  ]

  private static let hostOperatorFields: [FieldDescription] = [
    FieldDescription("description", .string(0...1000), standard: "", "What this is, for people."),
    FieldDescription("labels", .labels, standard: [:], "Names and values to select by, for example team: media."),
    FieldDescription(
      "validate", .choice(["enforce", "warn", "off"]), standard: "enforce",
      "What a destination that fails its check does: block the change, warn, or not be checked."),
    FieldDescription("health", .object(healthFields), standard: .null, support: .later, "How health is checked."),
    FieldDescription(
      "protect", .bool, standard: false,
      "Never delete this host. To give it up, set it to false, apply, then remove the host."),
    FieldDescription(
      "on_delete", .choice(["delete", "disable", "orphan"]), standard: "delete",
      "What removal from the YAML does to the host: delete it, switch it off, or leave it to NPM as it is."),
    FieldDescription("suspend", .object(suspendFields), standard: .null, "Leave the host alone for a while."),
  ]

  private static let healthFields: [FieldDescription] = [
    FieldDescription("path", .string(1...1024), standard: "/", "Path that is asked for."),
    FieldDescription("expect_status", .statusRange, standard: "200-399", "Status codes that are healthy."),
    FieldDescription("expect_json", .anything, standard: .null, "Members that the answer must have."),
    FieldDescription("interval", .duration, standard: "5m", "Time between checks."),
    FieldDescription("timeout", .duration, standard: "10s", "Time for one check."),
  ]

  private static let suspendFields: [FieldDescription] = [
    FieldDescription("until", .date, "The day it ends, in UTC: the host is managed again from then on."),
    FieldDescription("reason", .string(0...1000), standard: "", "Why."),
  ]

  /// NPM's own rules, as observed: domains sorted by code unit; the TLS flags hang on each other; `locations` may
  /// be null, carry ids, or lack what is empty.
  @Sendable private static func normaliseHost(_ spec: inout Spec) {
    spec["domain_names"] = .array(spec.domains.map { $0.lowercased() }.uniqued().sortedByCodeUnit().map { .string($0) })
    if spec["certificate"].isNull {
      spec["ssl_forced"] = false
      spec["http2_support"] = false
    }
    if spec["ssl_forced"] != true { spec["hsts_enabled"] = false }
    if spec["hsts_enabled"] != true { spec["hsts_subdomains"] = false }
    let locations = spec["locations"].arrayValue ?? []
    spec["locations"] = .array(locations.map(normaliseLocation))
    spec["advanced_config"] = .string(spec["advanced_config"].stringValue ?? "")
  }

  private static func normaliseLocation(_ location: JSONValue) -> JSONValue {
    var members: [String: JSONValue] = [:]
    for field in locationFields {
      let value = location[field.name]
      members[field.name] = value.isNull ? field.standard ?? .null : value
    }
    return .object(members)
  }
}

extension Array where Element == String {
  func uniqued() -> [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }

  /// JavaScript's order, which is NPM's.
  package func sortedByCodeUnit() -> [String] { sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) } }
}
