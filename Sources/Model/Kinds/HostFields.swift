/// Fields and rules that the kinds of host share.
enum HostFields {
  static let domains = FieldSchema(
    "domain_names", .domains, "Names that nginx answers to; at most 100, wildcards allowed.")
  static let certificate = FieldSchema(
    "certificate", .reference(.certificate), defaultValue: .null,
    "Name of a certificate, none, or auto: the best one that is good for all its names.")
  static let blockExploits = FieldSchema(
    "block_exploits", .bool, defaultValue: false, "Refuse requests that look like common exploits.")
  static let advancedConfig = FieldSchema(
    "advanced_config", .string(0...100_000), defaultValue: "", "nginx directives that NPM puts into the server block.")
  static let enabled = FieldSchema("enabled", .bool, defaultValue: true, "Whether NPM serves it.")

  /// TLS: the certificate, and the flags that depend on it and on each other.
  static let tls: [FieldSchema] = [
    certificate,
    FieldSchema("ssl_forced", .bool, defaultValue: false, "Redirect http to https. Needs a certificate."),
    FieldSchema("http2_support", .bool, defaultValue: false, "Offer HTTP/2. Needs a certificate."),
    FieldSchema("hsts_enabled", .bool, defaultValue: false, "Send Strict-Transport-Security. Needs ssl_forced."),
    FieldSchema("hsts_subdomains", .bool, defaultValue: false, "Extend HSTS to subdomains. Needs hsts_enabled."),
  ]

  /// NPM's own rules, as observed: domains sorted by code unit; a flag without its precondition is cleared.
  static func normalise(_ spec: inout Spec) {
    let domains = spec["domain_names"].arrayValue?.compactMap(\.stringValue) ?? []
    spec["domain_names"] = .array(domains.map { $0.lowercased() }.uniqued().sortedByCodeUnit().map { .string($0) })
    if spec["certificate"].isNull {
      spec["ssl_forced"] = false
      spec["http2_support"] = false
    }
    if spec["ssl_forced"] != true { spec["hsts_enabled"] = false }
    if spec["hsts_enabled"] != true { spec["hsts_subdomains"] = false }
    spec["advanced_config"] = .string(spec["advanced_config"].stringValue ?? "")
  }

  static func claims(_ spec: Spec) -> [String] { spec["domain_names"].arrayValue?.compactMap(\.stringValue) ?? [] }
}

/// Operator fields, available for every kind.
enum MetadataFields {
  static let description = FieldSchema("description", .string(0...1000), defaultValue: "", "What this is, for people.")
  static let labels = FieldSchema(
    "labels", .labels, defaultValue: [:], "Names and values to select by, for example team: media.")
  static let protect = FieldSchema(
    "protect", .bool, defaultValue: false,
    "Never delete it. To give it up, set this to false, apply, then remove it.")
  static let selfHeal = FieldSchema(
    "self_heal", .bool, defaultValue: .null,
    "Whether the daemon repairs what was changed in NPM, or only reports it; default: `watch.self_heal`.")
  static let suspend = FieldSchema(
    "suspend", .object(suspendFields), defaultValue: .null, "Leave it alone for a while.")

  /// For objects that NPM can disable.
  static let forHosts = [description, labels, protect, onDelete(["delete", "disable", "orphan"]), suspend, selfHeal]
  /// For hosts with domains.
  static let forDomains =
    forHosts + [
      FieldSchema(
        "auto_request", .bool, defaultValue: false,
        "With certificate: auto, request one of Let's Encrypt where none is good for all its names.")
    ]
  /// For objects that cannot be disabled.
  static let forOthers = [description, labels, protect, onDelete(["delete", "orphan"]), suspend, selfHeal]

  private static func onDelete(_ choices: [String]) -> FieldSchema {
    let disable = choices.contains("disable") ? "switch it off, " : ""
    return FieldSchema(
      "on_delete", .choice(choices), defaultValue: "delete",
      "What removal from the YAML does to it: delete it, \(disable)or leave it to NPM as it is.")
  }

  private static let suspendFields: [FieldSchema] = [
    FieldSchema("until", .date, "The day it ends, in UTC: it is managed again from then on."),
    FieldSchema("reason", .string(0...1000), defaultValue: "", "Why."),
  ]
}

extension Array where Element == String {
  func uniqued() -> [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }

  /// JavaScript's order, which NPM uses.
  package func sortedByCodeUnit() -> [String] { sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) } }
}
