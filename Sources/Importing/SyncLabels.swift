import Model

/// Labels of npm-docker-sync: `npm.proxy.domains`, `npm.proxy.1.port`, `npm.stream.incoming.port`, also with `npm-`.
struct SyncLabels {
  /// What variables of the tool's own service say for all.
  struct Defaults {
    var flags: [String: Bool] = [:]
    var dockerHost: String?
    /// Some of the tool's variables are elsewhere.
    var areElsewhere = false
    /// The tool itself is in the files.
    var isKnown = false
  }

  let service: ComposeService
  let route: ComposeRoute
  let defaults: Defaults

  private static let flags: [(label: String, field: String, variable: String, isOn: Bool)] = [
    ("ssl.force", "ssl_forced", "NPM_PROXY_SSL_FORCE", false),
    ("caching", "caching_enabled", "NPM_PROXY_CACHING", false),
    ("block_common_exploits", "block_exploits", "NPM_PROXY_BLOCK_EXPLOITS", true),
    ("websockets", "allow_websocket_upgrade", "NPM_PROXY_WEBSOCKETS", false),
    ("ssl.http2", "http2_support", "NPM_PROXY_HTTP2", false),
    ("ssl.hsts", "hsts_enabled", "NPM_PROXY_HSTS", false),
    ("ssl.hsts.subdomains", "hsts_subdomains", "NPM_PROXY_HSTS_SUBDOMAINS", false),
  ]

  static func defaults(of services: [ComposeService]) -> Defaults {
    var result = Defaults()
    for service in services {
      for flag in flags {
        if let on = service.environment[flag.variable].flatMap(ImportNode.flag) { result.flags[flag.field] = on }
      }
      if let host = service.environment["DOCKER_HOST_IP"], !host.isEmpty { result.dockerHost = host }
      if service.isSync { result.isKnown = true }
      if service.isSync, service.hasEnvironmentElsewhere { result.areElsewhere = true }
    }
    return result
  }

  /// The labels of one proxy host or stream.
  private struct Group {
    var kind: String
    var index: Int
    var labels: [String: ComposeService.Label] = [:]
  }

  func read(into draft: inout ImportDraft) {
    for group in groups(&draft) {
      let isFirst = group.index == 0
      let kind: ResourceSchema = group.kind == "proxy" ? .proxyHost : .stream
      var object = ImportedObject(
        kind, isFirst ? "service \(service.name)" : "service \(service.name), \(group.kind) \(group.index)",
        at: group.labels.values.map(\.place).min() ?? service.place,
        names: [isFirst ? service.name : "\(service.name)-\(group.index)", "\(service.name)-\(group.kind)"])
      object.gaps = service.gaps
      var rest = group.labels
      // A variable in it may be a secret: it is shown without its value.
      if let config = rest["advanced.config"], ComposeVariables.holdsVariable(config.raw) {
        object.fields["advanced_config"] = .string(config.raw)
        object.lack("its advanced config holds the value of a variable, which may be a secret")
        rest["advanced.config"] = nil
      }
      func take(_ name: String) -> String? {
        rest.removeValue(forKey: name).flatMap { $0.value.isEmpty ? nil : $0.value }
      }
      if kind.kind == .proxyHost { readHost(&object, take) } else { readStream(&object, take) }
      for (name, label) in rest.sorted(by: { $0.key < $1.key }) {
        draft.note(
          "the label '\(ComposeService.shown(name))' of \(object.origin) is left out: it is not known", at: label.place)
      }
      draft.objects.append(object)
    }
  }

  private func readHost(_ object: inout ImportedObject, _ take: (String) -> String?) {
    let several = take("domains")
    let domains = several ?? take("domain") ?? ""
    object.fields["domain_names"] = .array(
      domains.split(separator: ",").map { .string(Self.trimmed($0)) }.filter { $0 != "" })
    object.fields["forward_scheme"] = .string(take("scheme") ?? "http")
    route.fill(&object, ("forward_host", "forward_port"), host: take("host"), port: take("port"))
    for flag in Self.flags {
      let written = take(flag.label)
      if let written, ImportNode.flag(written) == nil { object.lack("'\(flag.label)' is neither true nor false") }
      if written == nil, defaults.areElsewhere, defaults.flags[flag.field] == nil {
        object.lack("npm-docker-sync has defaults in 'env_file' or the shell: give them below 'environment'")
      }
      object.fields[flag.field] = .bool(
        written.flatMap(ImportNode.flag) ?? defaults.flags[flag.field] ?? flag.isOn)
    }
    if let config = take("advanced.config") { object.fields["advanced_config"] = .string(config) }
    reference(&object, "access_list", take("accesslist.id"))
    reference(&object, "certificate", take("ssl.certificate.id"))
    // Without a number, the tool takes one that fits.
    if object.fields["ssl_forced"] == true, object.references["certificate"] == nil {
      object.references["certificate"] = .auto
    }
  }

  private func readStream(_ object: inout ImportedObject, _ take: (String) -> String?) {
    object.fields["incoming_port"] = take("incoming.port").flatMap { Int($0) }.map { .int($0) }
    route.fill(
      &object, ("forwarding_host", "forwarding_port"), host: take("forward.host"), port: take("forward.port"))
    object.fields["tcp_forwarding"] = .bool(take("forward.tcp").flatMap(ImportNode.flag) ?? true)
    object.fields["udp_forwarding"] = .bool(take("forward.udp").flatMap(ImportNode.flag) ?? false)
    guard let certificate = take("ssl") else { return }
    if Int(certificate) == nil {
      object.gaps.append("it takes the certificate that is good for '\(certificate)': name that certificate")
    } else {
      reference(&object, "certificate", certificate)
    }
  }

  private func reference(_ object: inout ImportedObject, _ field: String, _ number: String?) {
    guard let number else { return }
    guard let id = Int(number) else {
      return object.lack("its \(field.replacing("_", with: " ")) is no number")
    }
    if id != 0 { object.references[field] = .number(id) }
  }

  private static func trimmed(_ text: Substring) -> String {
    String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }

  private func groups(_ draft: inout ImportDraft) -> [Group] {
    var found: [String: Group] = [:]
    // The tool looks for `npm.` first.
    let labels = service.labels.filter { !$0.key.lowercased().hasPrefix("traefik.") }
    for label in labels.filter({ $0.key.hasPrefix("npm-") }) + labels.filter({ $0.key.hasPrefix("npm.") }) {
      var parts = label.key.dropFirst(4).split(separator: ".", omittingEmptySubsequences: false)[...]
      guard let kind = parts.popFirst().map(String.init), kind == "proxy" || kind == "stream" else {
        draft.note(
          "the label '\(ComposeService.shown(label.key))' of service \(service.name) is left out: it is not known",
          at: label.place)
        continue
      }
      let index = parts.first.flatMap { Int($0) }
      if index != nil { parts.removeFirst() }
      let name = "\(kind)/\(index ?? 0)"
      found[name, default: Group(kind: kind, index: index ?? 0)].labels[parts.joined(separator: ".")] = label
    }
    return found.values.sorted { ($0.kind, $0.index) < ($1.kind, $1.index) }.filter { group in
      let needed = group.kind == "proxy" ? ["domains", "domain"] : ["incoming.port"]
      if needed.contains(where: { group.labels[$0] != nil }) { return true }
      draft.note(
        "the labels of \(group.kind) \(group.index) of service \(service.name) are left out: they lack '\(needed[0])'",
        at: group.labels.values.map(\.place).min() ?? service.place)
      return false
    }
  }
}
