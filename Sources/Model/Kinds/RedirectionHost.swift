extension ResourceSchema {
  /// Redirection hosts. Field names and bounds are those of NPM's published API schema; a value that NPM requires has
  /// the most common choice as its default.
  package static let redirectionHost = ResourceSchema(
    kind: .redirectionHost, section: "redirection_hosts", route: "redirection-hosts", fields: redirectionFields,
    operatorFields: MetadataFields.forDomains, claimField: "domain_names", claims: HostFields.claims,
    effect: { spec in
      let scheme = spec["forward_scheme"] == "auto" ? "" : "\(spec["forward_scheme"].summary)://"
      return "\(scheme)\(spec["forward_domain_name"].summary) (\(spec["forward_http_code"].summary))"
    }, check: problems, normalise: { HostFields.normalise(&$0) })

  @Sendable private static func problems(_ spec: Spec) -> [ValidationIssue] {
    let text = spec["forward_domain_name"].stringValue ?? ""
    if let problem = RedirectTarget.problem(with: text) {
      return [ValidationIssue(.badURL, at: "forward_domain_name", problem.message, hint: problem.hint)]
    }
    let code = spec["forward_http_code"].intValue ?? 301
    let idle =
      [300, 304, 305, 306].contains(code)
      ? [
        ValidationIssue(
          .noEffect, at: "forward_http_code", "nginx does not redirect with status \(code)",
          hint: "take 301, 302, 303, 307 or 308", severity: .warning)
      ] : []
    guard let host = RedirectTarget.host(of: text),
      ["$host", "$http_host", "$server_name"].contains(host) || spec.claims.contains(where: { $0.lowercased() == host })
    else { return idle }
    return idle + [
      ValidationIssue(
        .badURL, at: "forward_domain_name", "it sends '\(host)' to itself, for ever", hint: "name another domain")
    ]
  }

  private static let redirectionFields: [FieldSchema] =
    [
      HostFields.domains,
      FieldSchema("forward_domain_name", .string(1...1024), "The domain that requests are sent to."),
      FieldSchema(
        "forward_scheme", .choice(["auto", "http", "https"]), defaultValue: "auto",
        "Scheme that requests are sent to; auto keeps theirs."),
      FieldSchema("forward_http_code", .integer(300...308), defaultValue: 301, "Status of the redirection."),
      FieldSchema("preserve_path", .bool, defaultValue: false, "Keep the path of the request."),
    ] + HostFields.tls + [HostFields.blockExploits, HostFields.advancedConfig, HostFields.enabled]
}
