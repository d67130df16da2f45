import DesiredFiles
import Model

/// Desired state of wyrmctl, and of npmctl, its earlier name: schema 1 to 3. Its resources are called as in NPM's API; those
/// of schema 3 stand below `spec`, with names in camel case.
enum WyrmctlState {
  static func isOne(_ document: ImportNode) -> Bool {
    if let version = document["apiVersion"]?.text {
      let name = version.prefix { $0 != "." && $0 != "/" }
      return name == "wyrmctl" || name == "npmctl"
    }
    // Its oldest files have no header.
    return sections.contains { section in
      document[section.key]?.items.contains { $0["meta"]?["managed_by"] != nil } == true
    }
  }

  private static let sections: [(key: String, kind: ResourceSchema)] = [
    ("certificates", .certificate), ("access_lists", .accessList), ("proxy_hosts", .proxyHost),
    ("redirection_hosts", .redirectionHost), ("dead_hosts", .deadHost), ("streams", .stream), ("settings", .setting),
  ]

  /// What has no counterpart here, and why.
  private static let foreign = [
    "dns_records": "DNS is not managed here", "users": "accounts of NPM are not managed here",
    "quic_passthrough_hosts": "NPM has no such thing", "plugin_resources": "plug-ins of wyrmctl do not run here",
    "external_certificates": "plug-ins of wyrmctl do not run here",
  ]

  static func read(_ document: ImportNode, into draft: inout ImportDraft) {
    let body = document["spec"] ?? document
    for (key, value) in body.entries {
      let section = snakeCase(key)
      let isKnown = foreign[section] != nil || sections.contains { $0.key == section }
      guard value.isList || value.isNull || !isKnown else {
        draft.note("'\(key)' is left out: it is no list", at: value.place)
        continue
      }
      if let kind = sections.first(where: { $0.key == section })?.kind {
        for item in value.items { read(item, kind, into: &draft) }
      } else if let reason = foreign[section] {
        guard !value.items.isEmpty else { continue }
        draft.note("\(value.items.count) of '\(key)' left out: \(reason)", at: value.place)
      } else if !["api_version", "schema_version", "kind", "metadata", "name"].contains(section) {
        draft.note("'\(key)' is left out: it is no section of wyrmctl that is known here", at: value.place)
      }
    }
  }

  private static func read(_ item: ImportNode, _ kind: ResourceSchema, into draft: inout ImportDraft) {
    let identity = item["meta"]?["resource_id"]?.text
    let name = item["name"]?.text
    let short = identity.map { String($0[($0.lastIndex(of: ".").map($0.index(after:)) ?? $0.startIndex)...]) }
    var object = ImportedObject(
      kind, identity ?? name ?? kind.kind.title, at: item.place, names: [name, short, identity].compactMap { $0 })
    object.identity = identity
    switch kind.kind {
    case .certificate:
      guard readCertificate(item, name, &object, &draft) else { return }
    case .setting:
      object.names = [ResourceName.made(from: name ?? "").replacing("-", with: "_")]
      let payload = item["api_payload"]
      for node in [item, payload, payload?["meta"]].compactMap({ $0 }) {
        for field in ["value", "redirect", "html"] where object.fields[field] == nil {
          object.fields[field] = node[field]?.text.map { .string($0) }
        }
      }
    default:
      if kind.kind == .proxyHost { object.fields["forward_scheme"] = "http" }
      readFields(item, kind, &object, &draft)
      if let transport = (item["protocol"] ?? item["api_payload"]?["protocol"])?.text {
        object.fields["tcp_forwarding"] = .bool(transport == "tcp")
        object.fields["udp_forwarding"] = .bool(transport == "udp")
      }
    }
    draft.objects.append(object)
  }

  /// wyrmctl passes `api_payload` on, but for proxy hosts; of the other members it reads those that each kind needs.
  private static func readFields(
    _ item: ImportNode, _ kind: ResourceSchema, _ object: inout ImportedObject, _ draft: inout ImportDraft
  ) {
    var fields = APIFields(kind: kind, renames: renames(kind), others: ["api_payload", "protocol", "name"])
    if kind.kind == .proxyHost {
      if let payload = item["api_payload"] {
        draft.note("'api_payload' of \(object.origin) is left out: wyrmctl does not read it there", at: payload.place)
      }
      return fields.read(item, into: &object, &draft)
    }
    if let payload = item["api_payload"] { fields.read(payload, into: &object, &draft) }
    if kind.kind == .accessList {
      for key in ["items", "clients", "satisfy_any", "pass_auth"] where item[key] != nil {
        object.gaps.append("its '\(key)' is not below 'api_payload', where wyrmctl reads it")
      }
      object.fields["name"] = item["name"]?.text.map { .string($0) }
      return
    }
    let own: Set = ["domain_names", "forward_domain_name", "incoming_port", "forward_host", "forward_port"]
    fields.others.formUnion(item.entries.map(\.key).filter { !own.contains($0) })
    fields.read(item, into: &object, &draft)
  }

  private static func renames(_ kind: ResourceSchema) -> [String: String] {
    kind.kind == .stream ? ["forward_host": "forwarding_host", "forward_port": "forwarding_port"] : [:]
  }

  private static func readCertificate(
    _ item: ImportNode, _ name: String?, _ object: inout ImportedObject, _ draft: inout ImportDraft
  ) -> Bool {
    let payload = item["api_payload"]
    let provider = payload?["provider"]?.text ?? item["certificate_type"]?.text ?? "letsencrypt"
    guard provider == "letsencrypt" else {
      object.gaps.append("it was uploaded, and wyrmctl does not keep its files")
      object.fields["nice_name"] = name.map { .string($0) }
      return true
    }
    RequestedCertificate.read([item, payload, payload?["meta"]].compactMap { $0 }, into: &object)
    return true
  }

  private static func snakeCase(_ key: String) -> String {
    key.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
  }
}
