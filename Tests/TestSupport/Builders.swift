package import Model

/// A proxy host's spec with the fields that a test needs.
package func hostSpec(
  _ domains: [String], host: String = "10.0.0.1", port: Int = 80, _ fields: [String: JSONValue] = [:]
) -> Spec {
  var spec = Spec(ResourceSchema.proxyHost)
  spec["domain_names"] = .array(domains.map { .string($0) })
  spec["forward_scheme"] = "http"
  spec["forward_host"] = .string(host)
  spec["forward_port"] = .int(port)
  for (name, value) in fields { spec[name] = value }
  return spec
}

package func desiredHost(
  _ name: String, _ spec: Spec, validation: DesiredResource.Validation = .off
) -> DesiredResource {
  var metadata = DesiredResource.Metadata()
  metadata.validation = validation
  return DesiredResource(
    key: ResourceKey(.proxyHost, name), spec: spec,
    source: SourceLocation(file: "desired/test.yaml", line: 1, column: 3), metadata: metadata)
}

extension DesiredResource {
  /// The same, with other decisions of the operator.
  package func with(_ change: (inout Metadata) -> Void) -> DesiredResource {
    var metadata = metadata
    change(&metadata)
    return DesiredResource(
      key: key, spec: spec, source: source, fieldSources: fieldSources, lines: lines, metadata: metadata,
      refersByNPMNames: refersByNPMNames, certificate: certificate, secrets: secrets)
  }

  /// The same, from another place.
  package func at(_ source: SourceLocation, fields: [String: FieldSource] = [:]) -> DesiredResource {
    with(source: source, fieldSources: fields)
  }
}

package func desiredState(_ hosts: DesiredResource...) -> DesiredState {
  DesiredState(resources: hosts, fileCount: 1)
}

/// A host as NPM would list it.
package func observedHost(
  _ id: Int, _ spec: Spec, marker: OwnershipMarker? = nil, nginx: NginxState = .online
) -> ObservedResource {
  var meta: [String: JSONValue] = ["nginx_online": .bool(nginx == .online), "nginx_err": .null]
  if let marker { meta[OwnershipMarker.metaKey] = marker.json }
  return ObservedResource(
    kind: .proxyHost, id: ResourceID(id), spec: spec, meta: .object(meta), nginx: nginx,
    createdOn: "2026-11-21 10:00:00", modifiedOn: "2026-11-21 10:00:00")
}

package func observedState(
  _ objects: [ObservedResource], references: NameIndex = NameIndex(),
  version: NPMVersion = NPMVersion(2, 15, 1)
) -> ObservedState {
  var resources: [ResourceKind: [ObservedResource]] = [:]
  for kind in ResourceSchema.all { resources[kind.kind] = objects.filter { $0.kind == kind.kind } }
  return ObservedState(version: version, resources: resources, references: references)
}

package func ledgerEntry(_ name: String, id: Int?, _ spec: Spec, isUnfinished: Bool = false) -> LedgerEntry {
  LedgerEntry(
    key: ResourceKey(.proxyHost, name), id: id.map { ResourceID($0) }, createdOn: nil, applied: spec.normalised(),
    claims: spec.normalised().claims, isUnfinished: isUnfinished)
}
