extension ResourceSchema {
  /// Streams: ports that NPM forwards. Field names and bounds are those of NPM's published API schema; NPM's own
  /// default for `tcp_forwarding` is false, which makes a stream without effect.
  package static let stream = ResourceSchema(
    kind: .stream, section: "streams", route: "streams", fields: streamFields, operatorFields: MetadataFields.forHosts,
    claimField: "incoming_port", claims: ports,
    effect: { "\($0["forwarding_host"].summary):\($0["forwarding_port"].summary)" }, check: problems)

  private static let streamFields: [FieldSchema] = [
    FieldSchema("incoming_port", .port, "Port that NPM listens on; not 80, 81, 443 or 3000, which are its own."),
    FieldSchema("forwarding_host", .host, "Name or address of the destination."),
    FieldSchema("forwarding_port", .port, "Port of the destination."),
    FieldSchema("tcp_forwarding", .bool, defaultValue: true, "Pass TCP on."),
    FieldSchema("udp_forwarding", .bool, defaultValue: false, "Pass UDP on."),
    HostFields.certificate,
    HostFields.enabled,
  ]

  /// Ports of NPM itself, including its API: a stream on one keeps nginx from starting or from loading changes.
  private static let reservedPorts: Set<Int> = [80, 81, 443, 3000]

  @Sendable private static func problems(_ spec: Spec) -> [ValidationIssue] {
    var found: [ValidationIssue] = []
    if let port = spec["incoming_port"].intValue, reservedPorts.contains(port), spec["tcp_forwarding"] == true {
      found.append(
        ValidationIssue(.portTaken, at: "incoming_port", "NPM itself listens on port \(port)", hint: "take another"))
    }
    if spec["tcp_forwarding"] != true && spec["udp_forwarding"] != true {
      found.append(
        ValidationIssue(
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
