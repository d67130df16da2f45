/// What the kinds of host have in common.
enum HostFields {
  static let domains = FieldDescription(
    "domain_names", .domains, "Names that nginx answers to; at most 100, wildcards allowed.")
  static let certificate = FieldDescription(
    "certificate", .reference(.certificate), standard: .null,
    "Name of a certificate, none, or auto: the best one that is good for all its names.")
  static let blockExploits = FieldDescription(
    "block_exploits", .bool, standard: false, "Refuse requests that look like common exploits.")
  static let advancedConfig = FieldDescription(
    "advanced_config", .string(0...100_000), standard: "", "nginx directives that NPM puts into the server block.")
  static let enabled = FieldDescription("enabled", .bool, standard: true, "Whether NPM serves it.")

  /// TLS: the certificate and the flags that hang on it and on each other.
  static let tls: [FieldDescription] = [
    certificate,
    FieldDescription("ssl_forced", .bool, standard: false, "Redirect http to https. Needs a certificate."),
    FieldDescription("http2_support", .bool, standard: false, "Offer HTTP/2. Needs a certificate."),
    FieldDescription("hsts_enabled", .bool, standard: false, "Send Strict-Transport-Security. Needs ssl_forced."),
    FieldDescription("hsts_subdomains", .bool, standard: false, "Extend HSTS to subdomains. Needs hsts_enabled."),
  ]

  /// NPM's own rules, as observed: domains sorted by code unit; a flag without what it needs is dropped.
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

/// What only the operator says of an object, whatever its kind.
enum OperatorFields {
  static let description = FieldDescription("description", .string(0...1000), standard: "", "What this is, for people.")
  static let labels = FieldDescription(
    "labels", .labels, standard: [:], "Names and values to select by, for example team: media.")
  static let protect = FieldDescription(
    "protect", .bool, standard: false,
    "Never delete it. To give it up, set this to false, apply, then remove it.")
  static let selfHeal = FieldDescription(
    "self_heal", .bool, standard: .null,
    "Whether the daemon repairs what was changed in NPM, or only reports it; default: `watch.self_heal`.")
  static let suspend = FieldDescription(
    "suspend", .object(suspendFields), standard: .null, "Leave it alone for a while.")

  /// Of what NPM can switch off.
  static let forHosts = [description, labels, protect, onDelete(["delete", "disable", "orphan"]), suspend, selfHeal]
  /// Of hosts that have domains.
  static let forDomains =
    forHosts + [
      FieldDescription(
        "auto_request", .bool, standard: false,
        "With certificate: auto, request one of Let's Encrypt where none is good for all its names.")
    ]
  /// Of what is only there or not.
  static let forOthers = [description, labels, protect, onDelete(["delete", "orphan"]), suspend, selfHeal]

  private static func onDelete(_ choices: [String]) -> FieldDescription {
    let disable = choices.contains("disable") ? "switch it off, " : ""
    return FieldDescription(
      "on_delete", .choice(choices), standard: "delete",
      "What removal from the YAML does to it: delete it, \(disable)or leave it to NPM as it is.")
  }

  private static let suspendFields: [FieldDescription] = [
    FieldDescription("until", .date, "The day it ends, in UTC: it is managed again from then on."),
    FieldDescription("reason", .string(0...1000), standard: "", "Why."),
  ]
}

extension Array where Element == String {
  func uniqued() -> [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }

  /// JavaScript's order, which is NPM's.
  package func sortedByCodeUnit() -> [String] { sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) } }
}
