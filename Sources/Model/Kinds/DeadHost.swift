extension ResourceSchema {
  /// 404 hosts: NPM answers requests for their domains with 404. Field names are those of NPM's published API schema.
  package static let deadHost: ResourceSchema = {
    var kind = description
    kind.staleSince = NPMVersion(2, 13, 0)
    return kind
  }()

  private static let description = ResourceSchema(
    kind: .deadHost, section: "dead_hosts", route: "dead-hosts", ownershipProof: .markerFromCreation,
    fields: [HostFields.domains] + HostFields.tls + [HostFields.advancedConfig, HostFields.enabled],
    operatorFields: MetadataFields.forDomains, claimField: "domain_names", claims: HostFields.claims,
    summary: { "\($0.claims.joined(separator: ", ")) -> 404" }, normalise: { HostFields.normalise(&$0) })
}
