extension ResourceSchema {
  /// 404 hosts: domains that NPM answers for with 404. Field names are those of NPM's published API schema.
  package static let deadHost = ResourceSchema(
    kind: .deadHost, section: "dead_hosts", route: "dead-hosts", ownershipProof: .markerFromCreation,
    fields: [HostFields.domains] + HostFields.tls + [HostFields.advancedConfig, HostFields.enabled],
    operatorFields: MetadataFields.forDomains, claimField: "domain_names", claims: HostFields.claims,
    effect: { _ in "404" }, normalise: { HostFields.normalise(&$0) },
    staleSince: NPMVersion(2, 13, 0))
}
