extension ResourceSchema {
  /// Settings of NPM as a whole. There is one, with a name instead of a number, and only administrators see it. Values are
  /// those of NPM's published API schema.
  package static let setting = ResourceSchema(
    kind: .setting, section: "settings", route: "settings", ownershipProof: .name(field: "name"),
    hasNginxState: false,
    fields: [
      FieldSchema(
        "name", .choice(["", "default_site"]), defaultValue: "", "Which one; its name here says it already."),
      FieldSchema(
        "value", .choice(["congratulations", "404", "444", "redirect", "html"]),
        "What NPM does with a request for a domain that it does not know."),
      FieldSchema(
        "redirect", .string(0...2048), defaultValue: "", "With redirect: the URL that such requests are sent to.",
        metaName: "redirect"),
      FieldSchema(
        "html", .string(0...100_000), defaultValue: "", "With html: the page that they get.", metaName: "html"),
    ],
    operatorFields: [
      MetadataFields.description, MetadataFields.labels, MetadataFields.suspend, MetadataFields.selfHeal,
    ],
    effect: { "unknown domains: \($0["value"].summary)" }, check: problems,
    normalise: { spec in
      if spec["value"] != "redirect" { spec["redirect"] = "" }
      if spec["value"] != "html" { spec["html"] = "" }
    }, isSingleton: true)

  /// NPM accepts any text for the URL and restarts in a loop if nginx does not accept it.
  @Sendable private static func problems(_ spec: Spec) -> [ValidationIssue] {
    guard spec["name"] == "default_site" else {
      return [
        ValidationIssue(
          .unknownKey, at: "", "NPM has no setting '\(spec["name"].summary)'", hint: "there is 'default_site'")
      ]
    }
    guard spec["value"] == "redirect" else { return [] }
    let url = spec["redirect"].stringValue ?? ""
    let isRight =
      (url.hasPrefix("http://") || url.hasPrefix("https://"))
      && url.unicodeScalars.allSatisfy {
        $0.value > 0x20 && $0.value < 0x7f && !"\"'\\;{}$".unicodeScalars.contains($0)
      }
    guard !isRight else { return [] }
    return [
      ValidationIssue(
        .badURL, at: "redirect", "'\(url)' is no URL that nginx could send to", hint: "write https://example.com/")
    ]
  }
}
