extension KindDescription {
  /// Certificates. NPM's API calls one that was uploaded `other`; it checks neither key nor chain, and a pair that does not
  /// match breaks every later write. It has no place for a marker.
  package static let certificate = KindDescription(
    kind: .certificate, section: "certificates", route: "certificates", witness: .name(field: "nice_name"),
    isServed: false,
    fields: [
      FieldDescription("nice_name", .string(1...255), standard: "", "What NPM calls it; without it, its name here."),
      FieldDescription(
        "provider", .choice(["custom", "letsencrypt"]), standard: "custom",
        "Where it comes from. Let's Encrypt is not supported yet: request those in NPM, and refer to them by name.",
        wireWords: ["custom": "other"]),
      FieldDescription(
        "certificate", .pem, standard: .null, "{ file: path }: the certificate, PEM, perhaps with those above it."),
      FieldDescription("certificate_key", .pemKey, standard: .null, "{ file: path }: its private key, not encrypted."),
      FieldDescription(
        "intermediate_certificate", .pem, standard: .null, "{ file: path }: the certificates above it, PEM."),
    ],
    operatorFields: OperatorFields.forOthers, summary: { "provider \($0["provider"].summary)" },
    check: { spec in
      guard spec["provider"] != "custom" else { return [] }
      return [
        SpecProblem(
          .notYetSupported, at: "provider", "certificates of Let's Encrypt are not requested yet",
          hint: "request it in NPM; hosts refer to it by the name that it has there")
      ]
    })
}
