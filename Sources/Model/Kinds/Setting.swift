extension KindDescription {
  /// Settings of NPM as a whole. There is one, with a name instead of a number, and only administrators see it. Values are
  /// those of NPM's published API schema.
  package static let setting: KindDescription = {
    var description = KindDescription(
      kind: .setting, section: "settings", route: "settings", witness: .name(field: "name"), isServed: false,
      fields: [
        FieldDescription(
          "name", .choice(["", "default_site"]), standard: "", "Which one; its name here says it already."),
        FieldDescription(
          "value", .choice(["congratulations", "404", "444", "redirect", "html"]),
          "What NPM does with a request for a domain that it does not know."),
        FieldDescription(
          "redirect", .string(0...2048), standard: "", "With redirect: the URL that such requests are sent to.",
          metaName: "redirect"),
        FieldDescription(
          "html", .string(0...100_000), standard: "", "With html: the page that they get.", metaName: "html"),
      ],
      operatorFields: [
        OperatorFields.description, OperatorFields.labels, OperatorFields.suspend, OperatorFields.selfHeal,
      ],
      summary: { "unknown domains: \($0["value"].summary)" }, check: problems,
      normalise: { spec in
        if spec["value"] != "redirect" { spec["redirect"] = "" }
        if spec["value"] != "html" { spec["html"] = "" }
      })
    description.isFixed = true
    return description
  }()

  /// NPM takes any text for the URL, and restarts again and again when nginx does not take it.
  @Sendable private static func problems(_ spec: Spec) -> [SpecProblem] {
    guard spec["name"] == "default_site" else {
      return [
        SpecProblem(
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
      SpecProblem(
        .badURL, at: "redirect", "'\(url)' is no URL that nginx could send to", hint: "write https://example.com/")
    ]
  }
}
