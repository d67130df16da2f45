import Model

/// The HTTP routers in labels of Traefik. Several of them make one proxy host: one for http that redirects, one for https,
/// and one for each path with another destination.
struct TraefikRouters {
  private struct Router {
    let name: String
    let service: ComposeService
    let route: ComposeRoute
    let labels: [String: String]
    let place: SourceLocation
  }

  private var routers: [Router] = []
  /// By name: its type, such as `redirectscheme`.
  private var middlewares: [String: Set<String>] = [:]
  /// Ports and schemes of load balancers, by the name of the service in Traefik.
  private var targets: [String: [String: String]] = [:]

  /// Collects the labels of a service.
  mutating func add(_ service: ComposeService, _ route: ComposeRoute, _ draft: inout ImportDraft) {
    guard service.label("traefik.enable").flatMap(ImportNode.flag) != false else { return }
    var found: [String: [String: String]] = [:]
    var places: [String: SourceLocation] = [:]
    for label in service.labels where label.key.hasPrefix("traefik.") {
      // Traefik's names are the same in any case.
      let parts = label.key.split(separator: ".").map(String.init)
      switch (parts.count > 1 ? parts[1].lowercased() : "", parts.count > 2 ? parts[2].lowercased() : "") {
      case ("http", "routers") where parts.count > 4:
        found[parts[3], default: [:]][parts.dropFirst(4).joined(separator: ".").lowercased()] = label.value
        places[parts[3]] = places[parts[3]] ?? label.place
      case ("http", "middlewares") where parts.count > 4:
        middlewares[parts[3], default: []].insert(parts[4].lowercased())
      case ("http", "services") where parts.count > 4:
        targets[parts[3], default: [:]][parts.dropFirst(4).joined(separator: ".").lowercased()] = label.value
      case ("tcp", _), ("udp", _):
        draft.note(
          "the label '\(label.key)' of service \(service.name) is left out: its port is in Traefik's own settings",
          at: label.place, hint: "write a stream for it")
      default: break
      }
    }
    for name in found.keys.sorted() {
      routers.append(
        Router(
          name: name, service: service, route: route, labels: found[name] ?? [:], place: places[name] ?? service.place))
    }
    if found.isEmpty, service.label("traefik.enable") != nil {
      draft.note(
        "service \(service.name) is left out: its rule is in Traefik's own settings (defaultRule)", at: service.place)
    }
  }

  // MARK: Hosts

  /// A proxy host that is put together.
  private struct Host {
    var object: ImportedObject
    var hasTLS = false
    /// Plain http is served, too.
    var isPlain = false
    var redirects = false
    var locations: [JSONValue] = []
  }

  func read(into draft: inout ImportDraft) {
    var hosts: [[String]: Host] = [:]
    var paths: [(router: Router, match: TraefikRule.Match)] = []
    for router in routers {
      do {
        let matches = try TraefikRule.matches(router.labels["rule"] ?? "")
        let domains = matches.filter { $0.path == nil }.flatMap(\.domains)
        if !domains.isEmpty { add(router, domains, to: &hosts, &draft) }
        // `(Host(a) || Host(b)) && PathPrefix(/api)` is two alternatives of one path.
        let byPath = Dictionary(grouping: matches.filter { $0.path != nil }, by: \.path)
        for path in byPath.keys.compactMap({ $0 }).sorted() {
          paths.append((router, TraefikRule.Match(domains: byPath[path]?.flatMap(\.domains) ?? [], path: path)))
        }
      } catch {
        draft.note("the router \(router.name) is left out: \(error.message)", at: router.place)
      }
    }
    for (router, match) in paths { add(router, match, to: &hosts, &draft) }
    for key in hosts.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      guard let host = hosts[key] else { continue }
      draft.objects.append(finished(host))
    }
  }

  private func add(
    _ router: Router, _ domains: [String], to hosts: inout [[String]: Host], _ draft: inout ImportDraft
  ) {
    let key = Set(domains.map { $0.lowercased() }).sorted()
    var host = hosts[key] ?? Host(object: object(router, domains))
    host.object.gaps += guards(router, &draft).filter { !host.object.gaps.contains($0) }
    let encrypted = isEncrypted(router)
    host.hasTLS = host.hasTLS || encrypted
    if isRedirecting(router) {
      host.redirects = true
    } else {
      host.isPlain = host.isPlain || !encrypted
      let known = host.object.fields["forward_host"]
      fill(&host.object, router)
      if let known, known != host.object.fields["forward_host"] {
        host.object.gaps.append("the routers of its domains lead to different services")
      }
    }
    hosts[key] = host
  }

  private func add(
    _ router: Router, _ match: TraefikRule.Match, to hosts: inout [[String]: Host], _ draft: inout ImportDraft
  ) {
    guard !isRedirecting(router) else { return }
    let key = Set(match.domains.map { $0.lowercased() }).sorted()
    var host = hosts[key] ?? Host(object: object(router, match.domains))
    if hosts[key] == nil {
      host.object.gaps.append("only '\(match.path ?? "")' has a destination: NPM needs one for the rest of the domain")
    }
    host.object.gaps += guards(router, &draft).filter { !host.object.gaps.contains($0) }
    host.hasTLS = host.hasTLS || isEncrypted(router)
    var target = ImportedObject(.proxyHost, router.name, at: router.place, names: [])
    fill(&target, router)
    host.object.gaps += target.gaps
    var location = target.fields
    location["path"] = .string(match.path ?? "")
    if !host.locations.contains(.object(location)) { host.locations.append(.object(location)) }
    hosts[key] = host
  }

  private func object(_ router: Router, _ domains: [String]) -> ImportedObject {
    var object = ImportedObject(
      .proxyHost, "service \(router.service.name)", at: router.place,
      names: [router.service.name, router.name, "\(router.service.name)-\(router.name)"])
    object.gaps = router.service.unset.map { "the variable \($0) has no value" }
    object.fields["domain_names"] = .array(domains.map { .string($0) })
    return object
  }

  /// What Traefik does by itself: it passes WebSockets on, and offers HTTP/2 with TLS.
  private func finished(_ host: Host) -> ImportedObject {
    var object = host.object
    object.fields["allow_websocket_upgrade"] = true
    object.fields["locations"] = .array(host.locations)
    if object.fields["forward_host"] == nil && object.gaps.isEmpty {
      object.gaps.append("it only redirects to https")
    }
    guard host.hasTLS else { return object }
    object.references["certificate"] = .auto
    object.fields["http2_support"] = true
    object.fields["ssl_forced"] = .bool(!host.isPlain || host.redirects)
    return object
  }

  // MARK: Routers

  private func isEncrypted(_ router: Router) -> Bool {
    if let tls = router.labels["tls"].flatMap(ImportNode.flag) { return tls }
    if router.labels.keys.contains(where: { $0.hasPrefix("tls.") }) { return true }
    // Entry points can have TLS for all of their routers; their names are the only trace of it in labels.
    let points = router.labels["entrypoints"]?.lowercased() ?? ""
    return points.contains("secure") || points.contains("https")
  }

  private func names(_ router: Router) -> [String] {
    (router.labels["middlewares"] ?? "").split(separator: ",").map { name in
      String(name.filter { !$0.isWhitespace }.prefix { $0 != "@" })
    }
  }

  private func isRedirecting(_ router: Router) -> Bool {
    names(router).contains { middlewares[$0] == ["redirectscheme"] }
  }

  /// Middlewares that a host must not be without: who may come in is their matter. Others change answers only.
  private func guards(_ router: Router, _ draft: inout ImportDraft) -> [String] {
    names(router).compactMap { name in
      let types = middlewares[name]
      if types == ["redirectscheme"] { return nil }
      if let types, types.isSubset(of: ["compress", "headers"]) {
        draft.note(
          "the middleware '\(name)' of the router \(router.name) is left out: it has no counterpart here",
          at: router.place)
        return nil
      }
      return "the middleware '\(name)' has no counterpart here"
    }
  }

  private func fill(_ object: inout ImportedObject, _ router: Router) {
    let name = router.labels["service"].map { String($0.prefix { $0 != "@" }) }
    let own = targets[name ?? router.name] ?? onlyTarget(of: router) ?? [:]
    object.fields["forward_scheme"] = .string(own["loadbalancer.server.scheme"] ?? "http")
    router.route.fill(
      &object, ("forward_host", "forward_port"), host: nil, port: own["loadbalancer.server.port"])
  }

  /// A router without `service` goes to the only one of its container.
  private func onlyTarget(of router: Router) -> [String: String]? {
    let names = Set(
      router.service.labels.compactMap { label -> String? in
        let parts = label.key.split(separator: ".").map(String.init)
        return parts.count > 4 && parts[1] == "http" && parts[2] == "services" ? parts[3] : nil
      })
    return names.count == 1 ? names.first.flatMap { targets[$0] } : nil
  }
}
