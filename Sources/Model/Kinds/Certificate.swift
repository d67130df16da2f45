extension ResourceSchema {
  /// Certificates. NPM's API calls an uploaded one `other`. NPM checks neither key nor chain, and a mismatched pair
  /// breaks every later write. It has no place for a marker and can change only the files of a certificate.
  package static let certificate = ResourceSchema(
    kind: .certificate, section: "certificates", route: "certificates", ownershipProof: .name(field: "nice_name"),
    hasNginxState: false, fields: commonFields + customFields + letsEncryptFields,
    operatorFields: MetadataFields.forOthers,
    nameInNPM: { isRequested($0) ? joinedNames($0) : $0["nice_name"].stringValue },
    effect: { spec in
      isRequested(spec) ? "\(joinedNames(spec)) from Let's Encrypt" : spec["nice_name"].summary
    }, check: problems, normalise: normaliseCertificate)

  private static let commonFields: [FieldSchema] = [
    FieldSchema(
      "nice_name", .string(1...255), defaultValue: "",
      "What NPM calls it; without it, its name here. One of Let's Encrypt is called by its domains."),
    FieldSchema(
      "provider", .choice(["custom", "letsencrypt"]), defaultValue: "custom",
      "custom: from files. letsencrypt: NPM requests it, and renews it.", wireWords: ["custom": "other"]),
  ]

  private static let customFields: [FieldSchema] = [
    FieldSchema(
      "certificate", .pem, defaultValue: .null, "{ file: path }: the certificate, PEM, perhaps with those above it."),
    FieldSchema("certificate_key", .pemKey, defaultValue: .null, "{ file: path }: its private key, not encrypted."),
    FieldSchema(
      "intermediate_certificate", .pem, defaultValue: .null, "{ file: path }: the certificates above it, PEM."),
  ]

  private static let letsEncryptFields: [FieldSchema] = [
    FieldSchema("domain_names", .domains, defaultValue: [], "Names that are requested of Let's Encrypt."),
    FieldSchema(
      "key_type", .choice(["rsa", "ecdsa"]), defaultValue: "rsa", since: NPMVersion(2, 13, 6), "Kind of key.",
      metaName: "key_type"),
    FieldSchema(
      "letsencrypt_email", .string(0...255), defaultValue: "",
      "Address that Let's Encrypt may write to. Later releases of NPM do not ask for one.",
      metaName: "letsencrypt_email", until: NPMVersion(2, 13, 0)),
    FieldSchema(
      "dns", .object(dnsFields), defaultValue: .null,
      "Prove the names by DNS (DNS-01) instead of a request to port 80.",
      metaName: "dns_challenge"),
  ]

  private static let dnsFields: [FieldSchema] = [
    FieldSchema("provider", .string(1...100), "NPM's name of the DNS provider.", metaName: "dns_provider"),
    FieldSchema(
      "credentials", .secret, "{ env: NAME } or { file: path }: what certbot's plug-in for the provider reads.",
      metaName: "dns_provider_credentials"),
    FieldSchema(
      "propagation_seconds", .integer(0...600), defaultValue: .null,
      "How long to wait for DNS; NPM gives a request 15 minutes in all.",
      metaName: "propagation_seconds"),
  ]

  /// NPM's own limit for a request to Let's Encrypt.
  package static let requestSeconds = 900.0

  /// Whether NPM requests it from Let's Encrypt.
  package static func isRequested(_ spec: Spec) -> Bool {
    spec.kind == .certificate && spec["provider"] == "letsencrypt"
  }

  private static func sortedNames(_ spec: Spec) -> [String] {
    (spec["domain_names"].arrayValue?.compactMap(\.stringValue) ?? []).map { $0.lowercased() }.uniqued()
      .sortedByCodeUnit()
  }

  /// NPM names a requested certificate by its domains, whatever name is sent.
  private static func joinedNames(_ spec: Spec) -> String { sortedNames(spec).joined(separator: ", ") }

  @Sendable private static func problems(_ spec: Spec) -> [ValidationIssue] {
    let isRequested = isRequested(spec)
    let foreign = (isRequested ? customFields : letsEncryptFields).filter { spec[$0.name] != $0.defaultValue }
    var found = foreign.map { field in
      ValidationIssue(
        .badValue, at: field.name, "'\(field.name)' is nothing for provider \(spec["provider"].summary)",
        hint: "remove it")
    }
    guard isRequested else { return found }
    let names = sortedNames(spec)
    if names.isEmpty { found.append(ValidationIssue(.missingKey, at: "provider", "it lacks 'domain_names'")) }
    if spec["dns"].isNull, let wild = names.first(where: { $0.hasPrefix("*") }) {
      found.append(
        ValidationIssue(
          .badValue, at: "domain_names", "Let's Encrypt proves '\(wild)' by DNS only",
          hint: "add 'dns: { provider, credentials }'"))
    }
    return found
  }

  /// NPM sets the domains of an uploaded certificate from its file; they are not compared.
  @Sendable private static func normaliseCertificate(_ spec: inout Spec) {
    if isRequested(spec) {
      let names = sortedNames(spec)
      spec["domain_names"] = .array(names.map { .string($0) })
      spec["nice_name"] = .string(names.joined(separator: ", "))
      // NPM does not return the credentials and cannot change them.
      if var members = spec["dns"].objectValue {
        members["credentials"] = nil
        spec["dns"] = .object(members)
      }
      if spec["key_type"].isNull { spec["key_type"] = "rsa" }
    } else {
      for field in letsEncryptFields { spec[field.name] = field.defaultValue ?? .null }
    }
  }
}

extension Spec {
  /// The names for which a certificate is requested.
  package var requestedNames: [String] { self["domain_names"].arrayValue?.compactMap(\.stringValue) ?? [] }
}
