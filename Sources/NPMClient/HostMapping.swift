import Model

/// NPM's rows to the model and back.
struct HostMapping: Sendable {
  var references: ReferenceTable
  var version: NPMVersion

  func observed(_ row: HostRow) -> ObservedResource {
    ObservedResource(
      kind: .proxyHost, id: ResourceID(row.id), spec: spec(row), meta: .object(row.meta), nginx: nginx(row.meta),
      createdOn: row.created_on, modifiedOn: row.modified_on)
  }

  private func spec(_ row: HostRow) -> Spec {
    var spec = Spec(.proxyHost)
    spec["domain_names"] = .array(row.domain_names.map { .string($0) })
    spec["forward_scheme"] = .string(row.forward_scheme)
    spec["forward_host"] = .string(row.forward_host)
    spec["forward_port"] = .int(row.forward_port)
    spec["certificate"] = reference(.certificate, row.certificate_id)
    spec["access_list"] = reference(.accessList, row.access_list_id)
    spec["ssl_forced"] = .bool(row.ssl_forced)
    spec["http2_support"] = .bool(row.http2_support)
    spec["hsts_enabled"] = .bool(row.hsts_enabled)
    spec["hsts_subdomains"] = .bool(row.hsts_subdomains)
    spec["trust_forwarded_proto"] = .bool(row.trust_forwarded_proto ?? false)
    spec["caching_enabled"] = .bool(row.caching_enabled)
    spec["block_exploits"] = .bool(row.block_exploits)
    spec["allow_websocket_upgrade"] = .bool(row.allow_websocket_upgrade)
    spec["locations"] = .array(row.locations ?? [])
    spec["advanced_config"] = .string(row.advanced_config ?? "")
    spec["enabled"] = .bool(row.enabled)
    return spec
  }

  private func reference(_ kind: ResourceKind, _ id: Int) -> JSONValue {
    id == 0 ? .null : .string(references.name(kind, ResourceID(id)))
  }

  private func nginx(_ meta: [String: JSONValue]) -> NginxState {
    switch meta["nginx_online"] {
    case .bool(true): .online
    case .bool(false): .refused(meta["nginx_err"]?.stringValue ?? "")
    default: .unknown
    }
  }

  /// The writable fields of this release as NPM's API wants them, references as ids, 0 for none.
  func body(_ spec: Spec, meta: JSONValue, withEnabled: Bool) throws -> JSONValue {
    var members: [String: JSONValue] = [:]
    for field in KindDescription.proxyHost.fields where field.name != "enabled" || withEnabled {
      if let since = field.since, version < since { continue }
      if case .reference(let kind) = field.type {
        members[field.name + "_id"] = .int(try id(kind, spec[field.name]))
      } else if case .list = field.type {
        members[field.name] = .array((spec[field.name].arrayValue ?? []).map(withoutEmpty))
      } else {
        members[field.name] = spec[field.name]
      }
    }
    members["meta"] = .object((meta.objectValue ?? [:]).filter { !Self.nginxKeys.contains($0.key) })
    return .object(members)
  }

  /// What NPM itself writes into `meta`; never sent back.
  private static let nginxKeys: Set<String> = ["nginx_online", "nginx_err"]

  private func withoutEmpty(_ location: JSONValue) -> JSONValue {
    .object((location.objectValue ?? [:]).filter { $0.value != "" && !$0.value.isNull })
  }

  private func id(_ kind: ResourceKind, _ name: JSONValue) throws -> Int {
    guard let name = name.stringValue else { return 0 }
    if name.hasPrefix("#"), let number = Int(name.dropFirst()) { return number }
    let ids = references.ids(kind, name)
    guard let id = ids.first, ids.count == 1 else {
      throw NPMError(.unknownReference, "NPM has no \(kind.title) named '\(name)' of its own")
    }
    return id.number
  }
}
