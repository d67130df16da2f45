extension KindDescription {
  /// Redirection hosts. Field names and bounds are those of NPM's published API schema; where NPM asks for a value that
  /// nearly everybody answers alike, that answer is the default.
  package static let redirectionHost = KindDescription(
    kind: .redirectionHost, section: "redirection_hosts", route: "redirection-hosts", fields: redirectionFields,
    operatorFields: OperatorFields.forDomains, claimField: "domain_names", claims: HostFields.claims,
    summary: { spec in
      let scheme = spec["forward_scheme"] == "auto" ? "" : "\(spec["forward_scheme"].summary)://"
      let target = "\(scheme)\(spec["forward_domain_name"].summary)"
      return "\(spec.claims.joined(separator: ", ")) -> \(target) (\(spec["forward_http_code"].summary))"
    }, check: problems, normalise: { HostFields.normalise(&$0) })

  @Sendable private static func problems(_ spec: Spec) -> [SpecProblem] {
    let text = spec["forward_domain_name"].stringValue ?? ""
    if let problem = RedirectTarget.problem(with: text) {
      return [SpecProblem(.badURL, at: "forward_domain_name", problem.message, hint: problem.hint)]
    }
    let code = spec["forward_http_code"].intValue ?? 301
    let idle =
      [300, 304, 305, 306].contains(code)
      ? [
        SpecProblem(
          .noEffect, at: "forward_http_code", "nginx sends nobody anywhere with status \(code)",
          hint: "take 301, 302, 303, 307 or 308", severity: .warning)
      ] : []
    guard let host = RedirectTarget.host(of: text),
      ["$host", "$http_host", "$server_name"].contains(host) || spec.claims.contains(where: { $0.lowercased() == host })
    else { return idle }
    return idle + [
      SpecProblem(
        .badURL, at: "forward_domain_name", "it sends '\(host)' to itself, for ever", hint: "name another domain")
    ]
  }

  private static let redirectionFields: [FieldDescription] =
    [
      HostFields.domains,
      FieldDescription("forward_domain_name", .string(1...1024), "The domain that requests are sent to."),
      FieldDescription(
        "forward_scheme", .choice(["auto", "http", "https"]), standard: "auto",
        "Scheme that requests are sent to; auto keeps theirs."),
      FieldDescription("forward_http_code", .integer(300...308), standard: 301, "Status of the redirection."),
      FieldDescription("preserve_path", .bool, standard: false, "Keep the path of the request."),
    ] + HostFields.tls + [HostFields.blockExploits, HostFields.advancedConfig, HostFields.enabled]
}
