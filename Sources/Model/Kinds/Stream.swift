extension KindDescription {
  /// Streams: ports that NPM passes on. Field names and bounds are those of NPM's published API schema; NPM's own default
  /// for `tcp_forwarding` is false, which makes a stream that does nothing.
  package static let stream = KindDescription(
    kind: .stream, section: "streams", route: "streams", fields: streamFields, operatorFields: OperatorFields.forHosts,
    claimField: "incoming_port", claims: ports,
    summary: { spec in
      "\(spec.claims.joined(separator: ", ")) -> \(spec["forwarding_host"].summary):\(spec["forwarding_port"].summary)"
    }, check: problems)

  private static let streamFields: [FieldDescription] = [
    FieldDescription("incoming_port", .port, "Port that NPM listens on; not 80, 81, 443 or 3000, which are its own."),
    FieldDescription("forwarding_host", .host, "Name or address of the destination."),
    FieldDescription("forwarding_port", .port, "Port of the destination."),
    FieldDescription("tcp_forwarding", .bool, standard: true, "Pass TCP on."),
    FieldDescription("udp_forwarding", .bool, standard: false, "Pass UDP on."),
    HostFields.certificate,
    HostFields.enabled,
  ]

  /// Ports of NPM itself, its API's included: a stream there keeps nginx from starting, or from taking anything new.
  private static let reservedPorts: Set<Int> = [80, 81, 443, 3000]

  @Sendable private static func problems(_ spec: Spec) -> [SpecProblem] {
    var found: [SpecProblem] = []
    if let port = spec["incoming_port"].intValue, reservedPorts.contains(port), spec["tcp_forwarding"] == true {
      found.append(
        SpecProblem(.portTaken, at: "incoming_port", "NPM itself listens on port \(port)", hint: "take another"))
    }
    if spec["tcp_forwarding"] != true && spec["udp_forwarding"] != true {
      found.append(
        SpecProblem(
          .badValue, at: "tcp_forwarding", "the stream passes neither TCP nor UDP on",
          hint: "set tcp_forwarding or udp_forwarding to true"))
    }
    return found
  }

  @Sendable private static func ports(_ spec: Spec) -> [String] {
    guard let port = spec["incoming_port"].intValue else { return [] }
    return (spec["tcp_forwarding"] == true ? ["tcp/\(port)"] : [])
      + (spec["udp_forwarding"] == true ? ["udp/\(port)"] : [])
  }
}
